import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { findPeer, freePort, peer, runPeer, startPeer } from './peers.ts'

const node = process.execPath
const listener = (port: number) =>
  `require('net').createServer(s => s.end()).listen(${port}, '127.0.0.1', () => console.log('listening'))`

test('finds a program on PATH and says the reason for one that is not there', () => {
  expect(findPeer('sh')).toEqual({ name: 'sh', path: expect.stringMatching(/\/sh$/) })
  expect(findPeer('no-such-program')).toEqual({
    name: 'no-such-program',
    path: undefined,
    reason: 'no-such-program is not installed',
  })
})

test('refuses to go on without a program when CI is true', () => {
  vi.stubEnv('CI', 'true')
  expect(() => peer('no-such-program')).toThrow('CI has to have it')
  vi.stubEnv('CI', '')
  expect(peer('no-such-program').path).toBeUndefined()
  vi.unstubAllEnvs()
})

test('waits for the port and stops the program by its process id', async () => {
  const port = await freePort()
  const running = await startPeer(node, ['-e', listener(port)], { ready: port })
  await running.stop()
  expect(() => process.kill(running.pid, 0)).toThrow('ESRCH')
  const refused = new Promise((resolve) => connect({ host: '127.0.0.1', port }).once('error', resolve))
  await expect(refused).resolves.toMatchObject({ code: 'ECONNREFUSED' })
})

test('waits until an address answers with 200, however long its port is open before', async () => {
  const port = await freePort()
  const answer = `(_, response) => response.writeHead(asked++ < 3 ? 503 : 200).end()`
  const program = `let asked = 0; require('http').createServer(${answer}).listen(${port}, '127.0.0.1')`
  await using _ = await startPeer(node, ['-e', program], { ready: `http://127.0.0.1:${port}/` })
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
})

test('waits for a text in the output', async () => {
  await using running = await startPeer(node, ['-e', listener(await freePort())], { ready: /listening/ })
  expect(running.output()).toContain('listening')
})

test('insists when a program does not listen to the first signal', async () => {
  const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('here')`
  const running = await startPeer(node, ['-e', deaf], { ready: /here/, stopWithinMs: 50 })
  await running.stop()
  await expect(running.exited).resolves.toBeNull()
})

test('tells what a program said when it ends before it is ready', async () => {
  const starting = startPeer(node, ['-e', `console.error('no room'); process.exit(3)`], { ready: /never/ })
  await expect(starting).rejects.toThrow(/ended with 3 before it was ready; it said:\nno room/)
})

test('stops a program that is not ready in time', async () => {
  const starting = startPeer(node, ['-e', 'setInterval(() => {}, 1000)'], { ready: /never/, readyWithinMs: 100 })
  await expect(starting).rejects.toThrow('was not ready within 100 ms')
})

test('reports a program that cannot be started at all', async () => {
  await expect(startPeer('/no/such/program', [])).rejects.toThrow('ENOENT')
})

test('runs a program to its end, with input, and takes a bad exit code as a result', async () => {
  const result = await runPeer(node, ['-e', 'process.stdin.pipe(process.stdout); process.exitCode = 4'], {
    input: 'hi',
  })
  expect(result).toEqual({ code: 4, stdout: 'hi', stderr: '' })
})

test('never hands out a port twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
  expect(new Set(ports).size).toBe(20)
})
