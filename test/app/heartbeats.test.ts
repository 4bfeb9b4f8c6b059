import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { pingsOf } from '../../src/store/heartbeats.ts'
import { createLog } from '../../src/telemetry/log.ts'

const CONFIG = `
server: { listen: "127.0.0.1:0" }
shipped_rules: false
checks:
  - { name: backup, heartbeat: { period: 1d, grace: 1h } }
`

/** Whoever waits for a second or more waits for ever, so that no look that comes by itself changes anything. */
const standing: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 1000 ? ms : Number.MAX_SAFE_INTEGER, signal),
}

async function start(dataDir: string, clock: Clock): Promise<App> {
  const load = () => loadConfig({ file: 'midwatch.yml', env: {}, overrides: { data: dataDir }, readFile: () => CONFIG })
  const { config, problems } = load()
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const log = createLog('silent')
  return startApp({ config, configFiles: [], reload: load, clock, log, writer: 'inline' })
}

/** The state of the heartbeat as soon as it is the one that is awaited. */
async function until(app: App, status: string) {
  for (;;) {
    const check = app.context.board.find('backup')
    if (check?.status === status) return check
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a ping changes its check at once, and what it said outlives a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'midwatch-app-'))
  try {
    const first = await start(dataDir, standing)
    const ping = async (path: string, body = '') =>
      (await fetch(`${first.url}${path}`, { method: 'POST', body })).text()
    expect(await ping('/ping/backup')).toBe('OK')
    await until(first, 'healthy')
    expect(await ping('/ping/backup/3', 'disk full')).toBe('OK')
    expect(await until(first, 'unhealthy')).toMatchObject({
      reason: 'reported',
      message: expect.stringContaining('ended with exit code 3'),
    })
    expect(pingsOf(first.context.store.reader, 'backup', 1)[0]?.source).toMatch(/^127\.0\.0\.1 \S+/)
    await first.stop('test', 5000)

    const second = await start(dataDir, systemClock)
    expect(await until(second, 'unhealthy')).toMatchObject({ message: expect.stringContaining('disk full') })
    await second.stop('test', 5000)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
