import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'

export const TOKEN = '0123456789abcdef0123456789abcdef'
const AUTHORIZATION = { authorization: `Bearer ${TOKEN}` }
const OUTSIDE = `external_url: "https://watch.example.org", tokens: [{ name: maya, token: ${TOKEN}, scopes: [admin] }]`

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'midwatch-acks-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** midwatch out of the sources, where `maya` has a token and nobody else, without rules, on a folder that may have been used before. */
export async function start(data: string, config = '') {
  const text = `server: { listen: "127.0.0.1:0", ${OUTSIDE} }\nevaluation: { cron: "* * * * * *" }\nshipped_rules: false\n${config}`
  const load = () => loadConfig({ file: 'midwatch.yml', env: {}, overrides: { data }, readFile: () => text })
  const { config: loaded, problems } = load()
  if (loaded === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const log = createLog('silent')
  const app = await startApp({
    config: loaded,
    configFiles: [],
    reload: load,
    clock: systemClock,
    log,
    writer: 'inline',
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= app.stop('the test is over', 5000)
    return stopped
  }
  onTestFinished(stop)
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = AUTHORIZATION) => {
    const isForm = body instanceof URLSearchParams
    const response = await fetch(`${app.url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, location: response.headers.get('location') }
  }
  return { ...app, stop, ask }
}

export type Running = Awaited<ReturnType<typeof start>>
