import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describePeers, freePort, runPeer, startPeer } from '../support/peers.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

interface Vector {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] }
}

async function query(url: string, expression: string): Promise<Vector['data']['result']> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
  return ((await response.json()) as Vector).data.result
}

describePeers(['prometheus', 'promtool'], ({ prometheus, promtool }) => {
  test('a real Prometheus scrapes midwatch, and promtool finds nothing to say about its own metrics', async () => {
    using folder = tempFolder()
    await using midwatch = await Midwatch.start(folder.path, {
      config:
        'evaluation: { cron: "* * * * * *" }\nchecks:\n  - { name: closed, tcp: "127.0.0.1:1", every: 1s, timeout: 1s }\n',
    })
    const port = await freePort()
    const config = join(folder.path, 'prometheus.yml')
    const target = new URL(midwatch.url).host
    writeFileSync(
      config,
      `scrape_configs:\n  - { job_name: midwatch, scrape_interval: 1s, honor_labels: true, static_configs: [{ targets: ["${target}"] }] }\n`,
    )
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder.path}/tsdb`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const url = `http://127.0.0.1:${port}` as const
    await using _server = await startPeer(prometheus, args, { ready: `${url}/-/ready` })
    await until(async () => (await query(url, 'up{job="midwatch"} == 1')).length === 1, 'up to be 1')
    await until(
      async () => (await query(url, 'probe_success{check="closed"} == 0')).length === 1,
      'the check to be there',
    )

    const text = await (await fetch(`${midwatch.url}/metrics?format=prometheus`)).text()
    const own = text.split('\n').filter((line) => /^(# (HELP|TYPE) )?midwatch_/.test(line))
    const lint = await runPeer(promtool, ['check', 'metrics'], { input: `${own.join('\n')}\n` })
    expect(`${lint.stdout}${lint.stderr}`.trim()).toBe('')
    expect(lint.code).toBe(0)
  }, 180_000)
})

describePeers(['prometheus-node-exporter'], (paths) => {
  test('midwatch scrapes a real node_exporter, and its end shows as up 0 and stale series', async () => {
    using folder = tempFolder()
    const port = await freePort()
    const args = [
      `--web.listen-address=127.0.0.1:${port}`,
      '--collector.disable-defaults',
      '--collector.loadavg',
      '--collector.uname',
    ]
    const exporter = await startPeer(paths['prometheus-node-exporter'], args, { ready: port })
    await using midwatch = await Midwatch.start(folder.path, {
      config: `scrape_configs:\n  - { job_name: node, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }\n`,
    })
    const instance = `instance="127.0.0.1:${port}"`
    // In one question: on a busy machine the next scrape may be over its time.
    const all = `up{${instance}} == 1 and on(instance) node_load1 and on(instance) scrape_samples_scraped > 10`
    await until(async () => (await query(midwatch.url, all)).length === 1, 'up to be 1, with samples')

    await exporter.stop()
    await until(async () => (await query(midwatch.url, `up{${instance}} == 0`)).length === 1, 'up to be 0')
    expect(await query(midwatch.url, `node_load1{${instance}}`)).toHaveLength(0)
    expect((await query(midwatch.url, `count_over_time(node_load1{${instance}}[1h])`)).length).toBe(1)
  }, 180_000)
})
