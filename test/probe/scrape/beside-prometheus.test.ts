import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseExposition } from '../../../src/wire/exposition-family.ts'
import { describePeer, freePort, type RunningPeer, startPeer } from '../../support/peers.ts'
import { type FakeTarget, fakeTarget, scraping } from './support.ts'

/** What the target answers, one scrape after the other. */
const STORY: readonly (string | number)[] = [
  'a 1\nb 1\ngo_x 1\n',
  'a 2\nb 2\ngo_x 1\n',
  'a 3\n',
  'b 4\na 4\n',
  503,
  'a 5\nb 5\n',
  'a 6\nb six\n',
  'a 7\nb 7\n',
  '',
  'a 8\nb 8\n',
  'a 9\nb 9\nc 9\nd 9\ne 9\n',
  'a 10\nb 10\n',
  'a 11\na 11\nb{x="1",y="2"} 1\nb{y="2",x="1"} 1\n',
  'a{x=""} 12 \n# comment\n\nb  12\n',
]
const REPORTS = ['up', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling', 'scrape_series_added']

/**
 * Expositions of which some are wrong. Left out is where Prometheus 2.42 is stricter than the format says (blanks at the
 * beginning of a line, timestamps before 1970) or laxer (line breaks within quotes, no comma between labels).
 */
const EXPOSITIONS = [
  'a{x=""} 12 \n',
  'a\t1\t5\n',
  'b 12',
  'a{x="1",} 1\n',
  'a{,} 1\n',
  'a{x="1",,} 1\n',
  'a {x="1"} 1\n',
  'a{ x = "1" } 1\n',
  'a{x="1"}1\n',
  'a{x="1",x="2"} 1\n',
  'a{x=1} 1\n',
  "a{x='1'} 1\n",
  'a{x} 1\n',
  'a{1x="1"} 1\n',
  'a{x="1} 1\n',
  'a{__name__="b"} 1\n',
  '{__name__="a"} 1\n',
  'a{x="\\d"} 1\n',
  'a{x="\\\\\\"\\n}"} 1\n',
  'a:b{} 1\n',
  '1a 1\n',
  'a.b 1\n',
  'a\n',
  'a 1_0\n',
  'a 0x1p3\n',
  'a 0x10\n',
  'a 1e999\n',
  'a 1e\n',
  'a +Inf\nb .5\nc 5.\nd +5\ne infinity\nf nan\n',
  'a +NaN\n',
  'a 1 1.5\n',
  'a 1 5 6\n',
  'a 1 x\n',
  'a 1\r\n',
  '#\n#comment\n#HELP 1\n# HELPX a\n# HELP a\na 1\n',
  '# HELP 1a x\na 1\n',
  '# TYPE a foo\na 1\n',
  '# TYPE a\na 1\n',
  '# TYPE a counter\na 1\n',
  '<html></html>\n',
  'a{x="\u00e9\u{1f600}"} 1\n',
]

const options = {
  sample_limit: 4,
  metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'go_.*', action: 'drop' }],
}

describePeer('prometheus', (prometheus) => {
  let target: FakeTarget
  let running: RunningPeer
  let folder = ''
  let api = ''
  let told: Promise<void> = Promise.resolve()

  function story(address: string) {
    return { job_name: 'story', static_configs: [{ targets: [address] }], ...options }
  }

  beforeAll(async () => {
    const asked = new Map<string, number>()
    let isTold = () => {}
    told = new Promise<void>((resolve) => {
      isTold = resolve
    })
    target = await fakeTarget((request, response) => {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4')
      const exposition = /^\/exposition\/(\d+)$/.exec(request.url ?? '')?.[1]
      if (exposition !== undefined) return response.end(EXPOSITIONS[Number(exposition)])
      const who = request.headers['user-agent']?.startsWith('midwatch') ? 'midwatch' : 'prometheus'
      const step = asked.get(who) ?? 0
      asked.set(who, step + 1)
      if (who === 'prometheus' && step > STORY.length) isTold()
      const answer = STORY[step] ?? ''
      response.writeHead(typeof answer === 'number' ? answer : 200).end(String(answer))
    })
    folder = await mkdtemp(join(tmpdir(), 'midwatch-beside-'))
    const port = await freePort()
    // Long enough that none of them is over its time where others keep the processors busy.
    const times = { scrape_interval: '1s', scrape_timeout: '1s' }
    const jobs = EXPOSITIONS.map((_, i) => ({
      job_name: `exposition-${i}`,
      metrics_path: `/exposition/${i}`,
      static_configs: [{ targets: [target.address] }],
      scrape_interval: '5s',
      scrape_timeout: '5s',
    }))
    await writeFile(
      join(folder, 'prometheus.yml'),
      JSON.stringify({ scrape_configs: [{ ...story(target.address), ...times }, ...jobs] }),
    )
    running = await startPeer(
      prometheus,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { ready: /Server is ready to receive web requests/ },
    )
    api = `http://127.0.0.1:${port}/api/v1`
  })

  afterAll(async () => {
    await running?.stop()
    await target[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  test('reports on scrapes as Prometheus does, whatever the target answers', async () => {
    await using run = await scraping([story(target.address)])
    for (let step = 0; step < STORY.length; step++) await run.round()
    await told
    for (const name of REPORTS) {
      const answer = await fetch(`${api}/query?query=${encodeURIComponent(`${name}{job="story"}[5m]`)}`)
      const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
      const theirs = data.result[0]?.values.slice(0, STORY.length).map(([, value]) => Number(value))
      expect([name, run.sink.values(`${name}{instance="${target.address}", job="story"}`)]).toEqual([name, theirs])
    }
  }, 120_000)

  test('takes what Prometheus takes and refuses what it refuses', async () => {
    const theirs = async () => {
      const answer = await fetch(`${api}/targets`)
      const { data } = (await answer.json()) as { data: { activeTargets: { scrapePool: string; health: string }[] } }
      const healths = new Map(data.activeTargets.map(({ scrapePool, health }) => [scrapePool, health]))
      return EXPOSITIONS.map((text, i) => [text, healths.get(`exposition-${i}`)])
    }
    const ours = EXPOSITIONS.map((text) => [text, isTaken(text) ? 'up' : 'down'])
    await expect.poll(theirs, { interval: 200 }).toEqual(ours)
  })
})

function isTaken(text: string): boolean {
  try {
    parseExposition(text, 'text')
    return true
  } catch {
    return false
  }
}

describePeer('prometheus-node-exporter', (exporter) => {
  test('takes every sample of a real node_exporter', async () => {
    const port = await freePort()
    await using _running = await startPeer(exporter, [`--web.listen-address=127.0.0.1:${port}`], { ready: port })
    await using run = await scraping([{ job_name: 'node', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }])
    await run.round()
    const labels = `instance="127.0.0.1:${port}", job="node"`
    const [scraped] = run.sink.values(`scrape_samples_scraped{${labels}}`)
    expect(run.sink.values(`up{${labels}}`)).toEqual([1])
    expect(scraped).toBe(run.sink.labels.filter(({ name }) => !/^(up|scrape_.*)$/.test(name)).length)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const samples = parseExposition(text, 'text').flatMap((family) => [...family.samples])
    expect(samples).toHaveLength(lines.length)
    expect(new Set(samples.map((sample) => sample.labels.key)).size).toBe(lines.length)
    expect(run.sink.metas.get('node_cpu_seconds_total')?.type).toBe('counter')
    expect(run.errors).toEqual([])
  })
})
