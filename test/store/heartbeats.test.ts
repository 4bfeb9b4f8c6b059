import { expect, test } from 'vitest'
import type { PingKind } from '../../src/model/heartbeat.ts'
import { retainCheckEvents } from '../../src/store/checks.ts'
import { addPing, pingsOf } from '../../src/store/heartbeats.ts'
import { testWeb } from '../support/web.ts'

const DAY_MS = 86_400_000

test('the last ping of each kind stays however old it is, since a yearly job is due a year after it', async () => {
  await using web = await testWeb()
  const { writer, reader } = web.store
  const add = (day: number, kind: PingKind) =>
    writer.run(addPing, {
      name: 'yearly',
      atMs: day * DAY_MS,
      kind,
      runId: undefined,
      exitCode: undefined,
      durationMs: undefined,
      source: undefined,
      body: undefined,
    })
  for (const [day, kind] of [
    [0, 'start'],
    [1, 'success'],
    [2, 'start'],
    [3, 'success'],
    [4, 'log'],
    [400, 'log'],
  ] as const) {
    await add(day, kind)
  }
  await writer.run(retainCheckEvents, { beforeMs: 365 * DAY_MS })
  expect(pingsOf(reader, 'yearly', 100).map(({ atMs, kind }) => [atMs / DAY_MS, kind])).toEqual([
    [400, 'log'],
    [3, 'success'],
    [2, 'start'],
  ])
})
