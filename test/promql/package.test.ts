import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, matchesGlob } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf } from '../support/markdown.ts'

const ROOT = join(import.meta.dirname, '../..')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const BUILD = "import { buildPromql } from './scripts/build.mjs'; await buildPromql(process.argv[1])"
const run = promisify(execFile)

interface Manifest {
  readonly name: string
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const [example, printed] = blocksOf('src/promql/README.md').map(({ text }) => text)

/** A folder of someone who uses the package: what `npm pack` would take of it stands in `node_modules/midwatch`. */
let consumer: string

beforeAll(async () => {
  // Inside the project, so that its dependencies are found further up, as they are beside an installed package.
  mkdirSync(join(ROOT, '.cache'), { recursive: true })
  consumer = mkdtempSync(join(ROOT, '.cache/consumer-'))
  const built = join(consumer, 'built')
  await Promise.all([
    run(process.execPath, ['--input-type=module', '-e', BUILD, join(built, 'dist')], { cwd: ROOT }),
    run(process.execPath, [TSC, '-p', join(ROOT, 'tsconfig.types.json'), '--outDir', join(built, 'dist/types')]),
  ])
  const installed = join(consumer, 'node_modules', manifest.name)
  for (const file of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
    const isPacked = manifest.files.some((pattern) => matchesGlob(file, pattern) || file.startsWith(`${pattern}/`))
    if (!isPacked || !/\.\w+$/.test(file)) continue
    mkdirSync(dirname(join(installed, file)), { recursive: true })
    cpSync(join(built, file), join(installed, file))
  }
  rmSync(built, { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'))
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "type": "module" }')
}, 60_000)

afterAll(() => rmSync(consumer, { recursive: true, force: true }))

async function checkTypes(text: string): Promise<string> {
  writeFileSync(join(consumer, 'index.ts'), text)
  const compilerOptions = { strict: true, noEmit: true, target: 'es2024', module: 'nodenext', types: ['node'] }
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['index.ts'] }))
  try {
    await run(process.execPath, [TSC], { cwd: consumer })
    return 'fine'
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

async function output(text: string): Promise<string> {
  writeFileSync(join(consumer, 'run.mjs'), (await transform(text, { loader: 'ts' })).code)
  return (await run(process.execPath, ['run.mjs'], { cwd: consumer })).stdout
}

describe('the package midwatch/promql', () => {
  test('has the types that the example in its README needs, and no mistake in its own', async () => {
    expect(await checkTypes(example as string)).toBe('fine')
  }, 60_000)

  test('gives what the README says', async () => {
    expect(await output(example as string)).toBe(printed)
  })

  test('has types that find a mistake', async () => {
    const wrong = "import { parse } from 'midwatch/promql'\nconst kind: 'nosuch' = parse('1').kind\nexport { kind }\n"
    expect(await checkTypes(wrong)).toContain('not assignable to type \'"nosuch"\'')
  }, 60_000)

  test('takes matchers, staleness markers and summaries from its caller', async () => {
    const text = await output(`
      import { createMatcher, evaluate, Labels, NEEDS, NO_SAMPLES, parse, selectors, Summary } from 'midwatch/promql'
      const [{ selector, rangeMs }] = selectors(parse('sum_over_time(x{y=~"a|b"}[5m])'))
      console.log(selector.matchers.length, rangeMs, createMatcher('y', '!~', 'a.*').matches('abc'))
      const column = (...values) => Float64Array.from(values)
      const gone = { length: 2, timesMs: column(1000, 2000), values: column(1, NaN), stale: Uint8Array.of(0, 1) }
      const series = (samples, more) => ({ select: () => [{ labels: Labels.of({ a: 'b' }), samples: () => samples, ...more }] })
      console.log((await evaluate({ text: 'x', atMs: 3000 }, series(gone))).value.samples.length)
      console.log((await evaluate({ text: 'count_over_time(x[1m])', atMs: 3000 }, series(gone))).value.samples[0].value)
      const summarize = (from, to, needs) => new Summary().begin(needs, 0)
      console.log((await evaluate({ text: 'sum_over_time(x[1m])', atMs: 1 }, series(NO_SAMPLES, { summarize }))).value.samples)
      console.log(typeof NEEDS.sum)
    `)
    expect(text).toBe('2 300000 false\n0\n1\n[]\nnumber\n')
  })
})
