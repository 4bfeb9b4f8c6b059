import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RUN_FILE } from '../../src/app/run-file.ts'
import { runCli } from '../../src/cli/cli.ts'

let folder: string
let printed = ''
let complained = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'midwatch-'))
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

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
  rmSync(folder, { recursive: true })
})

/** A server that gives one status; paths that it was asked for are kept. */
async function serve(status: number) {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(status).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

function leaveRunFile(url: string): void {
  writeFileSync(join(folder, RUN_FILE), JSON.stringify({ url, pid: 1, token: 'not used' }))
}

test('is content when the server of the data folder answers 200, with nothing on standard error', async () => {
  await using server = await serve(200)
  leaveRunFile(server.url)
  await runCli(['healthcheck', '--data', folder])
  expect({ paths: server.paths, exit: process.exitCode, complained }).toEqual({
    paths: ['/health/live'],
    exit: undefined,
    complained: '',
  })
  expect(printed).toContain(server.url)
})

test('finds the data folder through MIDWATCH_DATA, as the server does', async () => {
  await using server = await serve(200)
  leaveRunFile(server.url)
  vi.stubEnv('MIDWATCH_DATA', folder)
  await runCli(['healthcheck'])
  expect(server.paths).toEqual(['/health/live'])
  expect(process.exitCode).toBeUndefined()
})

test('asks below the path of an address behind a proxy', async () => {
  await using server = await serve(200)
  await runCli(['healthcheck', '--url', `${server.url}/watch`])
  expect(server.paths).toEqual(['/watch/health/live'])
})

test('exits 1 when the server answers something else', async () => {
  await using server = await serve(503)
  await runCli(['healthcheck', '--url', server.url])
  expect(process.exitCode).toBe(1)
  expect(complained).toContain('503')
})

test('exits 1 and says where nobody answers, as after a kill that left the run file behind', async () => {
  const server = await serve(200)
  await server[Symbol.asyncDispose]()
  leaveRunFile(server.url)
  await runCli(['healthcheck', '--data', folder])
  expect(process.exitCode).toBe(1)
  expect(complained).toContain(`does not answer at ${server.url}: connect ECONNREFUSED`)
})

test('exits 1 and names the folder and both options when nothing runs there', async () => {
  await runCli(['healthcheck', '--data', folder])
  expect(process.exitCode).toBe(1)
  for (const word of [folder, '--data', '--url']) expect(complained).toContain(word)
})

test.each(['localhost:8420', 'https://watch.example.org', 'ftp://127.0.0.1', ''])(
  'exits 2 for the address %j and shows how one looks',
  async (url) => {
    await runCli(['healthcheck', `--url=${url}`])
    expect(process.exitCode).toBe(2)
    expect(complained).toContain('http://127.0.0.1:8420')
  },
)
