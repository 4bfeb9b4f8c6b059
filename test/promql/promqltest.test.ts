import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runTestFile } from './promqltest.ts'

/** Cases of our own, and those of a folder from elsewhere where there is one. */
const ours = join(import.meta.dirname, 'cases')
const others = resolve(process.env.PROMQLTEST_DIR ?? join(import.meta.dirname, '../../../shared/promqltest'))

for (const folder of [ours, others]) {
  if (existsSync(folder)) {
    describe(`evaluations in the test language of Prometheus: ${folder === ours ? 'our own' : 'PROMQLTEST_DIR'}`, () => {
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
        test(`${file} gives what it expects`, async () => {
          const { passed, failures } = await runTestFile(file, readFileSync(join(folder, file), 'utf8'))
          expect(failures.map((each) => `${each.file}:${each.line}: ${each.expression}\n  ${each.message}`)).toEqual([])
          expect(passed).toBeGreaterThan(0)
        })
      }
    })
  } else {
    test.skip('evaluations in PROMQLTEST_DIR (no such folder)', () => {})
  }
}

/** What the runner says of one evaluation on `x 1 2 3`, a sample a minute. */
async function verdict(evaluation: string): Promise<string> {
  const { passed, failures } = await runTestFile('f', `load 1m\n  x 1 2 3\n  y_total 1 2 3\n\n${evaluation}\n`)
  return failures[0]?.message ?? `${passed} passed`
}

describe('the runner of test files', () => {
  test.each([
    ['eval instant at 1m x\n  x 2', '1 passed'],
    ['eval instant at 1m x\n  x 2.1', 'x at 60000 ms: expected 2.1, got 2'],
    ['eval instant at 1m x\n  x{a="b"} 2', 'expected x{a="b"}, got x 2'],
    ['eval instant at 1m x', 'expected 0 series, got x 2'],
    ['eval instant at 1m nosuch\n  x 1', 'expected 1 series, got nothing'],
    ['eval instant at 1m 1 + 1\n  3', 'expected 3, got 2'],
    ['eval instant at 1m x\n  2', 'expected scalar 2, got a vector'],
    ['eval instant at 1m "a"\n  expect string "b"', 'expected string b, got "a"'],
    [
      'eval instant at 1m x or on (__name__) y_total\n  expect ordered\n  y_total 2\n  x 2',
      'expected y_total, got x 2; y_total 2',
    ],
    ['eval instant at 1m x or on (__name__) y_total\n  y_total 2\n  x 2', '1 passed'],
    ['eval range from 0 to 3m step 1m x\n  x 1 2 3 3', '1 passed'],
    ['eval range from 0 to 3m step 1m x\n  x 1 2 3 _', 'x at 180000 ms: expected gap, got 3'],
    ['eval range from 0 to 3m step 1m x\n  x 1 2 3', 'x: unexpected values at 180000 ms'],
    ['eval instant at 3m x[2m]\n  expect range vector from 2m to 3m step 1m\n  x 3', '1 passed'],
    ['eval instant at 1m x\n  expect fail', 'expected to fail, but did not'],
    ['eval_fail instant at 1m -{__name__=~".+"}', '1 passed'],
    ['eval instant at 1m -{__name__=~".+"}', 'failed: vector cannot contain metrics with the same labelset'],
    ['eval instant at 1m x[1m', 'cannot be parsed: 1:5: parse error: unclosed left bracket'],
    [
      'eval_fail instant at 1m mad_over_time(x[1m])',
      expect.stringContaining('cannot be parsed: 1:1: parse error: mad'),
    ],
    [
      'eval instant at 1m rate(x[2m])\n  expect no_info',
      expect.stringContaining('unexpected info: PromQL info: metric'),
    ],
    ['eval instant at 1m rate(y_total[2m])\n  expect info', 'expected a info'],
    ['eval_warn instant at 1m x', 'expected a warning'],
    ['eval instant at 1m rate(x[2m])\n  expect info msg: other', expect.stringContaining('info not expected: PromQL')],
    ['eval instant at 1m rate(x[2m])\n  expect info regex: "x" .1:6.$\n  {} 0.0166666667', '1 passed'],
    ['eval instant at 1m quantile(2,x)\n  expect warn regex: got 2 \\(1:10\\)\n  {} Inf', '1 passed'],
    [
      'eval instant at 1m quantile by(a)(2,x)\n  expect warn regex: got 2 .1:16.$\n  {} Inf',
      expect.stringMatching(/^as /),
    ],
    ['eval instant at 1m quantile by(a)(2,x)\n  expect warn regex: got 2 \\(1:16\\)\n  {} Inf', '1 passed'],
    ['eval instant at 1m -{__name__=~".+"}\n  expect fail msg: other', expect.stringContaining('not with other')],
    ['eval instant at 1m x @ start()\n  x 2', '1 passed'],
    ['eval instant at 1m x\n  {{schema:0 sum:1 count:1}}', expect.stringContaining('line 6: ')],
    [
      'eval instant at 1m x\n  x {{schema:0 sum:1 count:1}}',
      'x at 60000 ms: expected {{schema:0 sum:1 count:1}}, got 2',
    ],
    ['eval sometimes x', 'cannot read this evaluation'],
    ['eval instant at noon x', 'not a duration: noon'],
    ['evaluate x', 'cannot read this evaluation'],
    ['unload', 'unknown command'],
  ])('%s: %s', async (evaluation, expected) => {
    expect(await verdict(evaluation)).toEqual(expected)
  })

  test('sees a result that depends on the time of the evaluation although all selectors are fixed', async () => {
    // Inside the subquery the end is still that of the query, and ten minutes earlier there was no `x`.
    const evaluation = 'eval instant at 1m sum_over_time((x @ end())[1m:1m])\n  {} 2'
    expect(await verdict(evaluation)).toMatch(/^as sum_over_time\(\(x @ end\(\)\)\[1m:1m\] @ 60\.000\) at -600000 ms/)
  })

  test('reads start times for all series, and evaluations that follow a number at once', async () => {
    const { passed, failures } = await runTestFile(
      'f',
      `load 1m
         @st -1m
         x 1000 2000+10x1

       eval instant at 0 scalar(x)
         1_000
       eval instant at 1m x / 0.5_0
         {} 4000

       eval range from 0 to 2m step 1m x
         x 1000 2000 2010
      `,
    )
    expect(failures).toEqual([])
    expect(passed).toBe(3)
  })

  test('reads comments, gaps, stale markers, counted steps, start times, histograms and names in quotes', async () => {
    const { passed, failures } = await runTestFile(
      'f',
      `# A comment ends a block as a blank line does.
       load_with_nhcb 30s
         steps 1+2x2 _x2 stale -1e1x1
         {"dotted.name", "a b"="1}"} NaN Inf -Inf
         h@st -1m -1mx3 _
         h {{schema:1 sum:-0.3 count:3.1 buckets:[5 10 7]}}+{{sum:1}}x3 7
         expected_load{} 5
         # here the load is over
       clear

       eval instant at 1m steps

       load 30s
         steps 1+2x2 _x2 stale -1e1x1
         {"dotted.name", "a b"="1}"} NaN Inf -Inf
         h@st -1m -1mx3 _
         h {{schema:1 sum:-0.3 count:3.1 buckets:[5 10 7]}}+{{sum:1}}x3 7
         expected_load{} 5
       eval_load 6

       eval range from 0 to 3m30s step 30s steps
         steps 1 3 5 5 5 _ -10 -10

       eval range from 0 to 90s step 30s {"dotted.name"}
         {"dotted.name", "a b"="1}"} NaN +Inf -Inf -inf

       eval instant at 2m h
         h 7

       eval instant at 0 expected_load + on() eval_load
         {} 11
      `,
    )
    expect(failures).toEqual([])
    expect(passed).toBe(5)
  })
})
