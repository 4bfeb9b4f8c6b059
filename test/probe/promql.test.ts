import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { promql } from '../../src/probe/promql.ts'
import { PromqlError } from '../../src/promql/index.ts'
import { probeContext } from '../support/probe-context.ts'

type Found = readonly { readonly labels: Labels; readonly value: number }[]

/** Runs an entry against answers by query; every other query gives nothing. */
function run(entry: Record<string, unknown>, answers: Readonly<Record<string, Found>> = {}) {
  const config = promql.config.parse(entry)
  return promql.run(config, probeContext({ query: async (query) => answers[query] ?? [] }))
}

const series = (labels: Record<string, string>, value: number) => ({ labels: Labels.of(labels), value })
const queue = (name: string, value: number) => series({ __name__: 'queue_tasks_queued', queue: name }, value)

test('is up when an expression of trouble gives nothing', async () => {
  expect(await run({ promql: 'queue_tasks_queued > 50' })).toEqual({
    outcome: 'up',
    metrics: [{ name: 'probe_promql_result_count', value: 0 }],
    details: { series: 0 },
  })
})

test('is down when it gives series, and names the worst five', async () => {
  const found = [1, 7, 3, 4, 6, 5, 2].map((n) => queue(`q${n}`, n * 100 + 1 / 3))
  const finding = await run({ promql: 'queue_tasks_queued > 50' }, { 'queue_tasks_queued > 50': found })
  expect(finding).toMatchObject({ outcome: 'down', reason: 'threshold', details: { series: 7 } })
  const shown = [7, 6, 5, 4, 3].map((n) => `queue_tasks_queued{queue="q${n}"} is ${n}00.333`)
  expect(finding).toHaveProperty('message', `${shown.join(', ')}, and 2 more`)
  expect(finding.metrics).toEqual([{ name: 'probe_promql_result_count', value: 7 }])
})

test('shows the query where a series has no labels', async () => {
  const finding = await run({ promql: 'sum( x )>5' }, { 'sum(x) > 5': [series({}, 9)] })
  expect(finding).toMatchObject({ message: 'sum(x) > 5 is 9', details: { series: 1, value: 9 } })
})

test('is down without a series where something is expected', async () => {
  const entry = { promql: 'worker_active', expect: 'something' }
  expect(await run(entry)).toMatchObject({
    outcome: 'down',
    message: 'expected a series, and there is none: worker_active',
  })
  expect(await run(entry, { worker_active: [series({ __name__: 'worker_active' }, 2)] })).toMatchObject({
    outcome: 'up',
    details: { value: 2 },
  })
})

test('is degraded when only the warning applies', async () => {
  const entry = { promql: 'a > 50', warning: 'a > 20' }
  const warned = { 'a > 20': [series({ __name__: 'a' }, 30)] }
  expect(await run(entry)).toMatchObject({ outcome: 'up' })
  expect(await run(entry, warned)).toMatchObject({ outcome: 'degraded', message: 'a is 30' })
  expect(await run(entry, { ...warned, 'a > 50': [series({ __name__: 'a' }, 60)] })).toMatchObject({ outcome: 'down' })
})

test('is unknown when the query can not be answered', async () => {
  const config = promql.config.parse({ promql: 'a > 1' })
  const query = () => Promise.reject(new PromqlError('limit', 'it would read too many samples'))
  expect(await promql.run(config, probeContext({ query }))).toMatchObject({
    outcome: 'unknown',
    reason: 'internal',
    message: 'the query could not be answered: it would read too many samples',
  })
})

test('is unknown when the query is not answered in time', async () => {
  const config = promql.config.parse({ promql: 'a > 1' })
  const query = () => new Promise<never>(() => undefined)
  expect(await promql.run(config, probeContext({ query, timeoutMs: 20 }))).toMatchObject({
    outcome: 'unknown',
    reason: 'timeout',
  })
})

test.each([
  ['sum(', 'parse error'],
  ['rate(x)', 'expected type range vector'],
  ['5 > bool 3', 'gives no series'],
  ['x[5m]', 'gives no series'],
  ['"text"', 'gives no series'],
  ['', 'parse error'],
])('refuses the expression %j', (text, hint) => {
  expect(() => promql.config.parse({ promql: text })).toThrow(hint)
})

test('shows the expression as the target, in one form', () => {
  expect(promql.instance(promql.config.parse({ promql: 'sum  by(a)  (x)\n> 5' }))).toBe('sum by (a) (x) > 5')
})
