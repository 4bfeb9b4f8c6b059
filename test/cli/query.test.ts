import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCli } from '../../src/cli/cli.ts'
import { type Listening, listen } from '../../src/web/server.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { putSamples } from '../support/samples.ts'
import { type TestWeb, testWeb } from '../support/web.ts'

let web: TestWeb
let server: Listening
let nowMs: number
let printed = ''
let complained = ''

beforeEach(async () => {
  nowMs = Math.floor(Date.now() / 1000) * 1000
  web = await testWeb({ clock: new ManualClock(nowMs) })
  server = await listen(web.web, '127.0.0.1', 0)
  await putSamples(web.store, [
    [{ __name__: 'up', instance: 'a' }, [nowMs - 60_000, 0], [nowMs - 30_000, 1], [nowMs, 1]],
    [{ __name__: 'up', instance: 'evil\u001b[2J' }, [nowMs, 0.5]],
  ])
  printed = ''
  complained = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += text
    return true
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  process.exitCode = undefined
  await server.close()
  await web[Symbol.asyncDispose]()
})

const ask = (...args: string[]) => runCli(['query', '--url', server.url, ...args])
const seconds = (ms: number) => String(ms / 1000)
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

test('prints a series and its value a line, with nothing that could move the cursor', async () => {
  await ask('up')
  expect(printed).toBe('up{instance="a"}              1\nup{instance="evil\\u001b[2J"}  0.5\n')
  expect(process.exitCode).toBeUndefined()
})

test('prints a number or a text as it is, and says when there is no series', async () => {
  await ask('1 + 1')
  await ask('"a text"')
  await ask('nothing')
  expect(printed).toBe('2\na text\n(no series)\n')
})

test.each([
  ['Unix seconds', () => seconds(nowMs - 60_000)],
  ['RFC 3339', () => iso(nowMs - 60_000)],
])('asks for another time in %s', async (_, time) => {
  await ask('up{instance="a"}', '--time', time())
  expect(printed).toBe('up{instance="a"}  0\n')
})

test('asks how it was a while ago', async () => {
  await ask('up{instance="a"} or vector(7)', '--time', '1h')
  expect(printed).toBe('{}  7\n')
})

test('prints a range with its times', async () => {
  await ask('sum(up)', '--start', seconds(nowMs - 60_000), '--end', iso(nowMs), '--step', '30s')
  expect(printed).toBe(`{}\n  ${iso(nowMs - 60_000)}  0\n  ${iso(nowMs - 30_000)}  1\n  ${iso(nowMs)}  1.5\n`)
})

test('takes the hour before the end and thirty steps where a range leaves them open', async () => {
  await ask('vector(1)', '--end', seconds(nowMs), '--json')
  const { resultType, result } = JSON.parse(printed)
  expect(resultType).toBe('matrix')
  expect(result[0].values).toHaveLength(31)
  expect(result[0].values[0][0]).toBe(nowMs / 1000 - 3600)
})

test('prints JSON as the query API has it', async () => {
  await ask('up{instance="a"}', '--json', '--time', seconds(nowMs))
  expect(JSON.parse(printed)).toEqual({
    resultType: 'vector',
    result: [{ metric: { __name__: 'up', instance: 'a' }, value: [nowMs / 1000, '1'] }],
  })
})

test('keeps warnings off the standard output', async () => {
  await ask('quantile(2, up)')
  expect(printed).toBe('{}  +Inf\n')
  expect(complained).toContain('quantile value should be between 0 and 1')
})

test.each([
  [['sum('], 'sum(\n1:5: parse error'],
  [['up', '--time', 'yesterday'], '--time yesterday is not a time'],
  [['up', '--start', '1h', '--time', '1h'], '--time is for one moment'],
  [['up', '--start', '1h', '--end', '2h'], '--end is before --start'],
  [['up', '--start', '1h', '--step', '0'], '--step 0 is not a time span above 0'],
])('exits 2 for %j, and says what is wrong', async (args, message) => {
  await ask(...args)
  expect(process.exitCode).toBe(2)
  expect(complained).toContain(message)
  expect(printed).toBe('')
})

test('exits 1 with the words of the server when it can not be answered', async () => {
  await ask('label_replace(up, "a", "b", "c", "(")')
  expect(process.exitCode).toBe(1)
  expect(complained).toContain('invalid regular expression in label_replace()')
})

test('asks the data itself while no midwatch runs', async () => {
  await web.store.close()
  await runCli(['query', '--data', web.dataDir, 'up{instance="a"}', '--time', seconds(nowMs)])
  expect(complained).toBe('')
  expect(printed).toBe('up{instance="a"}  1\n')
})
