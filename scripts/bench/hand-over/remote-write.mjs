import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, start } from '../../drill/programs.mjs'
import { findProgram, isReady } from '../history/programs.mjs'
import { startTarget } from '../ingest/programs.mjs'
import { startMidwatch } from '../support.mjs'

const SERIES = 20_000
const SCRAPES = 40
const LEAST_SAMPLES_A_SECOND = 100_000

/** Samples gather while Prometheus is away; then it is measured how fast they arrive there. */
export const remoteWriteRate = {
  name: `remote write of ${(SERIES * SCRAPES).toLocaleString('en')} samples that waited, samples/s (to Prometheus)`,
  bar: `>= ${LEAST_SAMPLES_A_SECOND}`,
  async run() {
    const prometheus = findProgram('prometheus')
    if (prometheus === undefined) return { ours: 'Prometheus missing', pass: null }
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    const port = await freePort()
    const target = await startTarget(SERIES, 'service')
    const midwatch = await startMidwatch(
      [
        'shipped_rules: false',
        `remote_write: [{ url: "http://127.0.0.1:${port}/api/v1/write", name: other }]`,
        `scrape_configs: [{ job_name: bench, scrape_interval: 1s, scrape_timeout: 1s, metrics_path: /ours, static_configs: [{ targets: ["127.0.0.1:${target.port}"] }] }]`,
      ].join('\n'),
    )
    const metric = async (name) => {
      const text = await (await fetch(`${midwatch.url}/metrics?format=prometheus&match[]=${name}`)).text()
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? 0)
    }
    try {
      while ((await metric('midwatch_samples_appended_total')) < SERIES * SCRAPES) await delay(200)
      await fetch(`http://127.0.0.1:${target.port}/quiet`)
      const waiting = await metric('midwatch_samples_appended_total')
      mkdirSync(join(folder, 'data'))
      writeFileSync(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
      const args = [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--web.enable-remote-write-receiver',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ]
      const peer = await start('prometheus', prometheus, args, { ready: `http://127.0.0.1:${port}/-/ready` })
      while ((await metric('midwatch_remote_write_samples_total')) === 0) await delay(5)
      const before = await metric('midwatch_remote_write_samples_total')
      const startMs = performance.now()
      let sent = before
      while (sent < waiting * 0.95) {
        await delay(20)
        sent = await metric('midwatch_remote_write_samples_total')
      }
      const rate = (sent - before) / ((performance.now() - startMs) / 1000)
      const isWell = await isReady(`http://127.0.0.1:${port}/-/ready`)
      await peer.stop()
      return { ours: String(Math.round(rate)), pass: isWell && rate >= LEAST_SAMPLES_A_SECOND }
    } finally {
      await midwatch.stop()
      await target.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
