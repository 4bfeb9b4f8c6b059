import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Conversation } from '../../src/probe/conversation.ts'
import { connectTcp } from '../../src/probe/tcp-socket.ts'
import { startTls } from '../../src/probe/tls-socket.ts'
import { listenTcp, type TcpListener } from '../support/listen.ts'

const never = new AbortController().signal
const connectTo = ({ port }: TcpListener, signal = never) =>
  connectTcp({ address: '127.0.0.1', family: 4 }, port, signal)
const line = (text: string) => {
  const end = text.indexOf('\n')
  return end === -1 ? undefined : { found: text.slice(0, end), length: end + 1 }
}

test('what comes is taken piece by piece, whatever way it was cut', async () => {
  await using server = await listenTcp((socket) => {
    socket.write('o')
    socket.write(Buffer.from('né\ntwo\nth').subarray(0, 2))
    socket.write(Buffer.from('né\ntwo\nth').subarray(2))
  })
  const socket = await connectTo(server)
  const conversation = new Conversation(socket)
  expect(await conversation.receive(line)).toBe('oné')
  expect(await conversation.receive(line)).toBe('two')
  expect(conversation.pending).toBe('th')
  socket.destroy()
})

test('nobody waits on a connection that was closed before', async () => {
  await using server = await listenTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))
  for (const wait of [
    (socket: Awaited<ReturnType<typeof connectTcp>>) => new Conversation(socket).receive(line),
    (socket: Awaited<ReturnType<typeof connectTcp>>) => startTls(socket, 'localhost', undefined),
  ]) {
    const socket = await connectTo(server)
    socket.resume().write('x')
    // `once` of events would reject with the reset itself.
    await new Promise((resolve) => socket.once('close', resolve))
    await expect(wait(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
  }
})

test('an aborted signal ends a wait with its reason', async () => {
  await using server = await listenTcp(() => undefined)
  const controller = new AbortController()
  const socket = await connectTo(server, controller.signal)
  const waiting = new Conversation(socket).receive(line)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  if (!socket.closed) await once(socket, 'close')
  await server.allClosed()
})

test('the other side hanging up ends a wait', async () => {
  await using server = await listenTcp((socket) => socket.end('half a li'))
  const conversation = new Conversation(await connectTo(server))
  await expect(conversation.receive(line)).rejects.toMatchObject({ reason: 'reset' })
  expect(conversation.hasEnded).toBe(true)
})
