import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parsePluginOutput } from '../../src/probe/perfdata.ts'
import { script } from '../../src/probe/script.ts'
import { probeContext } from '../support/probe-context.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'midwatch-script-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
  return path
}
const run = (entry: Record<string, unknown>, context = probeContext()) =>
  script.run(script.config.parse(entry), context)

test('starts programs only with permission', () => {
  expect(script.needsPermission).toBe(true)
})

test.each([
  [0, 'up', undefined],
  [1, 'degraded', 'reported'],
  [2, 'down', 'reported'],
  [3, 'unknown', 'reported'],
  [77, 'down', 'reported'],
])('code %d is %s, and the first line is the message', async (code, outcome, reason) => {
  const path = await write('code', `echo 'DISK - 3% free'; echo more; exit ${code}`)
  const finding = await run({ script: path })
  expect(finding).toMatchObject({ outcome, details: { output: 'DISK - 3% free' } })
  expect(finding.metrics).toContainEqual({ name: 'probe_script_exit_code', value: code })
  if (reason !== undefined)
    expect(finding).toMatchObject({ reason, message: `${path} ended with ${code}: DISK - 3% free` })
})

test('gives what stands behind the bar as metrics', async () => {
  const path = await write('perfdata', `echo "OK | '/var disk'=5MB;80;90 time=12ms"`)
  const finding = await run({ script: path })
  expect(finding.metrics).toContainEqual({
    name: 'probe_script_value',
    labels: { name: '/var disk' },
    value: 5_242_880,
  })
  expect(finding.metrics).toContainEqual({ name: 'probe_script_value', labels: { name: 'time' }, value: 0.012 })
  expect(finding.details).toEqual({ output: 'OK', '/var disk': 5_242_880, time: 0.012 })
})

test('hands over arguments as they are: no shell reads them', async () => {
  const path = await write('arguments', 'echo "$#:$1"')
  expect((await run({ script: [path, '$(id); *', '-x'] })).details.output).toBe('2:$(id); *')
})

test('passes on PATH, LANG and what is configured, and nothing else', async () => {
  vi.stubEnv('MIDWATCH_TOKEN', 'canary')
  const path = await write(
    'environment',
    'env | sort | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | cut -d= -f1 | tr "\\n" " "',
  )
  const finding = await run({ script: path, env: { API_KEY: 'k', LANG: 'de_DE' } })
  expect(finding.details.output).toBe('API_KEY LANG PATH')
  vi.unstubAllEnvs()
})

test('works in the folder that is configured, or in the root', async () => {
  const path = await write('folder', 'pwd')
  expect((await run({ script: path, cwd: folder })).details.output).toBe(folder)
  expect((await run({ script: path })).details.output).toBe('/')
})

test('is down when the output is not what is expected, though the program was satisfied', async () => {
  const path = await write('output', 'echo stale')
  expect(await run({ script: path, expect: { output: '^fresh' } })).toMatchObject({ outcome: 'down', reason: 'body' })
  expect(await run({ script: path, expect: { output: '^stale' } })).toMatchObject({ outcome: 'up' })
})

test('does not show credentials that a program prints', async () => {
  const path = await write('secret', 'echo "no login at https://watch:hunter2@example.org"; exit 2')
  expect(JSON.stringify(await run({ script: path }))).not.toContain('hunter2')
})

test('takes the first line of the errors where nothing else was printed', async () => {
  const path = await write('stderr', 'echo broken >&2; exit 2')
  expect(await run({ script: path })).toMatchObject({ message: expect.stringMatching(/ended with 2: broken$/) })
})

test('keeps a little of endless output, and ends it at the deadline', async () => {
  const path = await write('endless', 'exec yes')
  const finding = await run({ script: path }, probeContext({ timeoutMs: 150 }))
  expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout' })
})

test('ends what a program has started, too', async () => {
  const pidFile = join(folder, 'pid')
  const path = await write('family', `/bin/sleep 600 & echo $! > ${pidFile}; wait`)
  const over = new AbortController()
  const running = run({ script: path }, probeContext({ signal: over.signal }))
  await expect.poll(async () => Number(await readFile(pidFile, 'utf8').catch(() => 0))).toBeGreaterThan(0)
  over.abort(new DOMException('over', 'TimeoutError'))
  expect(await running).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'run' })
  await expectGone(Number(await readFile(pidFile, 'utf8')))
})

test('does not wait for what a program leaves behind with its output open', async () => {
  const pidFile = join(folder, 'left')
  const path = await write('leaving', `/bin/sleep 600 & echo $! > ${pidFile}; echo done`)
  expect(await run({ script: path })).toMatchObject({ outcome: 'up', details: { output: 'done' } })
  await expectGone(Number(await readFile(pidFile, 'utf8')))
})

test('says which signal ended a program', async () => {
  const path = await write('signal', 'kill -SEGV $$')
  expect(await run({ script: path })).toMatchObject({
    outcome: 'down',
    message: expect.stringContaining('ended by SIGSEGV'),
  })
})

test('is unknown when the program can not be started', async () => {
  const plain = join(folder, 'plain')
  await writeFile(plain, 'echo')
  for (const path of [join(folder, 'missing'), plain]) {
    expect(await run({ script: path })).toMatchObject({ outcome: 'unknown', reason: 'unsupported' })
  }
})

test.each([
  [{ script: 'check-backup' }, 'absolute path'],
  [{ script: '/usr/bin/check disk' }, 'as a list'],
  [{ script: [] }, 'script'],
  [{ script: '/bin/true', env: { 'A B': 'x' } }, 'env'],
  [{ script: '/bin/true', cwd: 'var' }, 'absolute path'],
])('refuses %j', (entry, hint) => {
  expect(() => script.config.parse(entry)).toThrow(hint)
})

describe('the output of plugins', () => {
  test.each([
    ['OK', 'OK', {}],
    ['OK - fine | a=1 b=2.5s;1;2;0;10', 'OK - fine', { a: 1, b: 2.5 }],
    ["| 'it''s'=3%;;;0;100", '', { "it's": 3 }],
    ['x | up=U rta=0.5ms;;; junk b=1KB', 'x', { rta: 0.0005, b: 1024 }],
    ['x | a=-4c neg=5furlongs', 'x', { a: -4 }],
    ['x | a=1\nlong text\nmore | b=2\nc=3', 'x', { a: 1, b: 2 }],
  ])('%j', (text, message, values) => {
    const parsed = parsePluginOutput(text)
    expect(parsed.message).toBe(message)
    expect(Object.fromEntries(parsed.values.map(({ name, value }) => [name, value]))).toEqual(values)
  })
})

async function expectGone(pid: number): Promise<void> {
  const state = () =>
    readFile(`/proc/${pid}/stat`, 'utf8').then(
      (stat) => stat.split(' ')[2],
      () => 'gone',
    )
  // Whoever inherits it has to bury it; dead it is already.
  await expect.poll(state).toMatch(/^(gone|Z)$/)
}
