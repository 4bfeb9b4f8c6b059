import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RUN_FILE, writeRunFile } from '../../src/app/run-file.ts'
import { listen } from '../../src/web/server.ts'
import { midwatch } from '../support/cli.ts'
import { type TestWeb, testWeb } from '../support/web.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const GUARDED = 'server: { listen: "0.0.0.0:8420" }'

/** A midwatch that listens, with its run file in place. */
async function running(options: Parameters<typeof testWeb>[0] = {}) {
  const web = await testWeb(options)
  const listening = await listen(web.web, '127.0.0.1', 0)
  const { localToken } = web.context
  const removeRunFile = writeRunFile(web.dataDir, { url: listening.url, pid: process.pid, token: localToken })
  return {
    ...web,
    url: listening.url,
    removeRunFile,
    async [Symbol.asyncDispose]() {
      await listening.close()
      await web[Symbol.asyncDispose]()
    },
  }
}

/** The data of a midwatch that was stopped, with two records of a journey. */
async function stopped() {
  const web = await testWeb()
  await fill(web)
  await web.store.close()
  return web
}

async function fill(web: TestWeb) {
  const record = { event: 'order.created', actor: 'shop', resource: 'order/42', trace_id: TRACE }
  await web.post('/api/v1/audit', [
    { ...record, time: '2026-01-01T00:00:00Z', attributes: { amount: 12, note: 'a\u001b[31mb' } },
    { ...record, time: '2026-01-01T00:00:01.5Z', event: 'order.paid', duration_ms: 12.5 },
  ])
}

describe('trace', () => {
  const timeline = `trace ${TRACE}: 2 records in 1.5 s, from 2026-01-01T00:00:00.000Z

     +0 ms  order.created  shop  order/42  success
    +1.5 s  order.paid     shop  order/42  success  took 12.5 ms
`

  test('prints the journey of the running midwatch', async () => {
    await using web = await running()
    await fill(web)
    expect(await midwatch(['trace', TRACE, '--data', web.dataDir])).toEqual({ out: timeline, err: '', code: 0 })
  })

  test('opens the file where none runs', async () => {
    await using web = await stopped()
    expect(await midwatch(['trace', TRACE, '--data', web.dataDir])).toEqual({ out: timeline, err: '', code: 0 })
  })

  test('opens the file where a killed one left its run file behind', async () => {
    await using web = await stopped()
    await using other = await testWeb()
    const gone = await listen(other.web, '127.0.0.1', 0)
    await gone.close()
    writeRunFile(web.dataDir, { url: gone.url, pid: 1, token: 'x' })
    expect((await midwatch(['trace', TRACE, '--data', web.dataDir])).out).toBe(timeline)
  })

  test('prints attributes when asked, with nothing in them that moves a cursor', async () => {
    await using web = await stopped()
    const { out } = await midwatch(['trace', TRACE, '--data', web.dataDir, '--details'])
    expect(out).toContain('              amount: 12\n              note: a\\u001b[31mb\n')
  })

  test('prints JSON', async () => {
    await using web = await running()
    await fill(web)
    const { out } = await midwatch(['trace', TRACE.toUpperCase(), '--data', web.dataDir, '--json'])
    expect(JSON.parse(out)).toMatchObject({ trace_id: TRACE, records: [{ seq: 1 }, { seq: 2 }] })
  })

  test('tells an unknown journey from an id that is none', async () => {
    await using web = await running()
    const unknown = `nothing is known of trace ${TRACE}\n`
    expect(await midwatch(['trace', TRACE, '--data', web.dataDir])).toMatchObject({ err: unknown, code: 1 })
    await web.store.close()
    web.removeRunFile()
    expect(await midwatch(['trace', TRACE, '--data', web.dataDir])).toMatchObject({ err: unknown, code: 1 })
    expect(await midwatch(['trace', 'abc', '--data', web.dataDir])).toMatchObject({ code: 2 })
  })
})

describe('verify', () => {
  test('prints the head of an intact log, and takes it back later', async () => {
    await using web = await running()
    await fill(web)
    const { out, code } = await midwatch(['verify', '--data', web.dataDir])
    expect(code).toBe(0)
    const [, head = ''] =
      /^the audit log is intact \(2 records\); keep its head elsewhere:\n(2:[0-9a-f]{64})\n$/.exec(out) ?? []
    await web.store.close()
    web.removeRunFile()
    const again = await midwatch(['verify', '--data', web.dataDir, '--head', head])
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('it still has the head that was given') })
  })

  test('ends with 1 when the log does not have a head that was kept elsewhere', async () => {
    await using web = await stopped()
    const run = (head: string) => midwatch(['verify', '--data', web.dataDir, '--head', head, '--json'])
    const changed = await run(`1:${'0'.repeat(64)}`)
    expect(changed).toMatchObject({ code: 1, err: expect.stringContaining('broken at record 1') })
    expect(JSON.parse(changed.out)).toMatchObject({ intact: false, expected: 'changed' })
    expect((await run(`3:${'0'.repeat(64)}`)).err).toContain('the chain ends before record 3')
    expect(await run('3')).toMatchObject({ code: 2 })
  })
})

describe('token', () => {
  test.each([
    ['the running midwatch', () => running({ config: GUARDED })],
    ['the file', () => stopped()],
  ])('makes, lists and revokes tokens of %s', async (_, start) => {
    await using web = await start()
    const run = (...args: string[]) => midwatch(['token', ...args, '--data', web.dataDir])
    const made = await run('create', 'ci', '--scopes', 'read,ingest')
    expect(made).toMatchObject({ code: 0, err: 'token ci (read, ingest); it is shown only now:\n' })
    expect(made.out).toMatch(/^mw_[0-9a-f]{12}_[\w-]{43}\n$/)
    expect(await run('create', 'ci')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is a token "ci" already'),
    })
    expect((await run('list')).out).toMatch(/^NAME {2}ID .*\nci {4}[0-9a-f]{12} {2}read,ingest {2}\S+Z {2,}never\n$/)
    expect(JSON.parse((await run('list', '--json')).out)).toMatchObject([{ name: 'ci', scopes: ['read', 'ingest'] }])
    expect(await run('revoke', 'ci')).toMatchObject({ code: 0, out: 'token ci is revoked\n' })
    expect(await run('revoke', 'ci')).toMatchObject({ code: 1, err: 'there is no token "ci"\n' })
    expect((await run('list')).out).toBe('there is no token; make one with midwatch token create NAME\n')
  })

  test('of a kind that there is none of is wrong use', async () => {
    expect(await midwatch(['token', 'create', 'ci', '--scopes', 'ingst'])).toMatchObject({
      code: 2,
      err: 'ingst is not a scope; did you mean "ingest"?\n',
    })
    expect(await midwatch(['token', 'create', 'a b'])).toMatchObject({ code: 2 })
  })
})

describe('notify test', () => {
  test('sends through the running midwatch', async () => {
    const told: string[] = []
    const context = {
      testChannel: async (name: string) => {
        told.push(name)
        return { kind: 'delivered', target: '#alerts', tookMs: 12.4 } as const
      },
    }
    await using web = await running({ context })
    const result = await midwatch(['notify', 'test', 'slack', '--data', web.dataDir])
    expect(result).toEqual({ out: 'slack took a test message for #alerts in 12 ms\n', err: '', code: 0 })
    expect(told).toEqual(['slack'])
  })

  test('says what the channel said when it fails, and which there are', async () => {
    await using web = await running()
    const result = await midwatch(['notify', 'test', 'sms', '--data', web.dataDir])
    expect(result).toMatchObject({ code: 1, err: 'there is no channel "sms"; none is configured\n' })
  })
})

describe('the way to midwatch', () => {
  test('is the address that is named, with the token that goes with it', async () => {
    await using web = await running({ config: GUARDED })
    await fill({
      ...web,
      post: (path, body) => web.post(path, body, { authorization: 'Bearer local-token-of-a-test' }),
    })
    const env = { MIDWATCH_URL: `${web.url}/`, MIDWATCH_TOKEN: 'local-token-of-a-test' }
    expect((await midwatch(['trace', TRACE], env)).code).toBe(0)
    expect((await midwatch(['trace', TRACE, '--url', web.url, '--token', 'local-token-of-a-test'])).code).toBe(0)
    expect(await midwatch(['trace', TRACE, '--url', web.url])).toMatchObject({
      code: 1,
      err: `midwatch at ${web.url} wants a token; give it with --token or MIDWATCH_TOKEN\n`,
    })
  })

  test('never carries the token of the run file to another address', async () => {
    await using web = await running({ config: GUARDED })
    const other = await midwatch(['trace', TRACE, '--data', web.dataDir, '--url', web.url])
    expect(other.err).toContain('wants a token')
  })

  test('is shown where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-cli-'))
    try {
      const result = await midwatch(['verify', '--data', folder])
      expect(result).toMatchObject({
        code: 1,
        err: `no midwatch runs with the data folder ${folder}; start it, name its folder with --data, or its address with --url\n`,
      })
      await writeFile(join(folder, RUN_FILE), '{ not json')
      expect((await midwatch(['notify', 'test', 'slack', '--data', folder])).code).toBe(1)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('is not past a midwatch that has the file and does not answer', async () => {
    await using web = await testWeb()
    expect(await midwatch(['verify', '--data', web.dataDir])).toMatchObject({
      code: 1,
      err: expect.stringContaining('another midwatch is using'),
    })
  })

  test.each(['ftp://example.org', 'example.org', ''])('is no address like %j', async (url) => {
    expect((await midwatch(['verify', `--url=${url}`])).code).toBe(2)
  })

  test('says when what answers is something else', async () => {
    const { createServer } = await import('node:http')
    const server = createServer((_, response) => response.end('<html>'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    expect((await midwatch(['verify', '--url', url])).err).toBe(`what answers at ${url} is not midwatch\n`)
    await new Promise((resolve) => server.close(resolve))
  })
})
