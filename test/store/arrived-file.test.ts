import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ArrivedFile } from '../../src/store/arrived-file.ts'
import { messageIdOf, outboxBacklog, oweMessages, settleArrived } from '../../src/store/outbox.ts'
import { tempFolder, testStore } from '../support/test-store.ts'

const MESSAGE = {
  channel: 'slack',
  groupKey: 'g',
  body: JSON.stringify({ status: 'firing', alerts: [{ fingerprint: 'f'.repeat(16) }] }),
  createdMs: 1000,
  expiresMs: 100_000,
}

test('what arrived is known after a crash; a line that is torn is not', async () => {
  await using folder = await tempFolder()
  const first = new ArrivedFile(folder.path)
  expect(first.found).toEqual([])
  await first.note([{ id: 1, messageId: 'msg_a' }])
  await first.note([
    { id: 2, messageId: 'msg_b' },
    { id: 3, messageId: 'msg_c' },
  ])
  appendFileSync(join(folder.path, 'midwatch.arrived'), '4 msg')
  const second = new ArrivedFile(folder.path)
  expect(second.found).toEqual([
    { id: 1, messageId: 'msg_a' },
    { id: 2, messageId: 'msg_b' },
    { id: 3, messageId: 'msg_c' },
  ])
  second.settled({ isStart: true })
  await second.close()
  expect(readFileSync(join(folder.path, 'midwatch.arrived'), 'utf8')).toBe('')
  await first.close()
})

test('whatever is in the file, only what is owed and is the same message counts as delivered', async () => {
  await using it = await testStore()
  const { writer, reader } = it.store
  await writer.run(oweMessages, { messages: [MESSAGE, { ...MESSAGE, createdMs: 2000 }] })
  const settle = (...arrived: { id: number; messageId: string }[]) =>
    writer.run(settleArrived, { arrived, nowMs: it.clock.now() })
  const messageId = messageIdOf(MESSAGE)
  // The second is another message; the third is none.
  expect(await settle({ id: 2, messageId }, { id: 3, messageId }, { id: 1, messageId: 'msg_x' })).toBe(0)
  expect(outboxBacklog(reader).pending).toBe(2)
  expect(await settle({ id: 1, messageId }, { id: 1, messageId })).toBe(1)
  expect(outboxBacklog(reader).pending).toBe(1)
})

test('a file of rubbish, or a folder in its place, keeps nothing from starting', async () => {
  await using folder = await tempFolder()
  writeFileSync(join(folder.path, 'midwatch.arrived'), '\0\0 1\n-1 x\n9 ok\n\n')
  const file = new ArrivedFile(folder.path)
  expect(file.found).toEqual([{ id: 9, messageId: 'ok' }])
  await file.close()
  const nowhere = new ArrivedFile(join(folder.path, 'missing'))
  await nowhere.note([{ id: 1, messageId: 'msg_a' }])
  nowhere.settled({ isStart: true })
  await nowhere.close()
})
