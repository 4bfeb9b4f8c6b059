import { expect, test } from 'vitest'
import { fakeTarget, INTERVAL_MS, parseConfigs, scraping } from './support.ts'

/** A job with one target. */
function job(address: string, rest: Record<string, unknown> = {}) {
  return { job_name: 'shop', static_configs: [{ targets: [address] }], ...rest }
}

function reports(labels: string, sink: { values(series: string): unknown[] }) {
  const last = (name: string) => sink.values(`${name}{${labels}}`).at(-1)
  return {
    up: last('up'),
    scraped: last('scrape_samples_scraped'),
    kept: last('scrape_samples_post_metric_relabeling'),
    added: last('scrape_series_added'),
  }
}

test('stores what a target exposes with its labels, and reports on the scrape', async () => {
  await using target = await fakeTarget(
    '# HELP a_total A.\n# TYPE a_total counter\na_total{code="200"} 3\na_total{code="500"} 0.5\nb NaN\n',
  )
  await using run = await scraping([
    { job_name: 'shop', static_configs: [{ targets: [target.address], labels: { env: 'prod' } }] },
  ])
  await run.round()
  const labels = `env="prod", instance="${target.address}", job="shop"`
  const ownLabels = (code: string) => `a_total{code="${code}", ${labels}}`
  expect(run.sink.values(ownLabels('200'))).toEqual([3])
  expect(run.sink.values(ownLabels('500'))).toEqual([0.5])
  expect(run.sink.values(`b{${labels}}`)).toEqual([Number.NaN])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 3, kept: 3, added: 3 })
  expect(run.sink.values(`scrape_duration_seconds{${labels}}`)).toEqual([expect.any(Number)])
  expect(run.sink.metas.get('a_total')).toEqual({ type: 'counter', help: 'A.' })
  expect(run.sink.metas.get('up')?.type).toBe('gauge')
  await run.round()
  expect(run.sink.values(ownLabels('200'))).toEqual([3, 3])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 3, kept: 3, added: 0 })
  expect(run.errors).toEqual([])
})

test('asks as Prometheus does', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([job(target.address, { scrape_timeout: '1500ms', params: { x: ['1'] } })])
  await run.round()
  const [request] = target.requests
  expect(request?.url).toBe('/metrics?x=1')
  expect(request?.headers).toMatchObject({
    accept: expect.stringContaining('application/openmetrics-text;version=1.0.0'),
    'accept-encoding': 'gzip',
    'x-prometheus-scrape-timeout-seconds': '1.5',
    'user-agent': expect.stringMatching(/^midwatch\//),
    host: target.address,
  })
})

test('scrapes each target once in an interval, at its own place in it and at evenly spaced times', async () => {
  await using target = await fakeTarget('a 1\n')
  const targets = [target.address, target.address.replace('127.0.0.1', 'localhost')]
  await using run = await scraping([{ job_name: 'shop', static_configs: [{ targets }] }])
  for (let round = 0; round < 3; round++) await run.round()
  const times = targets.map((instance) =>
    run.sink.samples(`up{instance="${instance}", job="shop"}`).map(({ timeMs }) => timeMs),
  )
  for (const own of times) {
    expect(own).toHaveLength(3)
    expect(own.slice(1).map((timeMs, i) => timeMs - (own[i] as number))).toEqual([INTERVAL_MS, INTERVAL_MS])
  }
  const [first, second] = times.map((own) => (own[0] as number) % INTERVAL_MS)
  expect(first).not.toBe(second)
})

test('marks a series that vanishes as gone, once, and counts it as new when it returns', async () => {
  await using target = await fakeTarget('a 1\nb 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  target.answer = 'a 2\n'
  await run.round()
  await run.round()
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale'])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 1, kept: 1, added: 0 })
  target.answer = 'b 3\na 4\n'
  await run.round()
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale', 3])
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 2, 2, 4])
  expect(reports(labels, run.sink).added).toBe(1)
})

test('marks everything as gone when a scrape fails, and goes on where it was afterwards', async () => {
  await using target = await fakeTarget('a 1\nb 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  target.status = 503
  await run.round()
  expect(reports(labels, run.sink)).toEqual({ up: 0, scraped: 0, kept: 0, added: 0 })
  expect(run.manager.targets().activeTargets[0]).toMatchObject({
    health: 'down',
    lastError: 'server returned HTTP status 503 Service Unavailable',
  })
  await run.round()
  target.status = 200
  await run.round()
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 'stale', 1])
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale', 1])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 2, kept: 2, added: 0 })
  const [one, gone] = run.sink.samples(`a{${labels}}`)
  expect((gone?.timeMs ?? 0) - (one?.timeMs ?? 0)).toBe(INTERVAL_MS)
})

test('stores nothing of an exposition that is broken further down, and tells the line', async () => {
  await using target = await fakeTarget('a 1\nb 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  target.answer = 'a 2\nnew 1\nb one\n'
  await run.round()
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 'stale'])
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale'])
  expect(run.sink.seriesOf('new')).toEqual([])
  expect(reports(labels, run.sink)).toMatchObject({ up: 0, scraped: 2 })
  expect(run.manager.targets().activeTargets[0]?.lastError).toContain('line 3: "one" is not a value')
  target.answer = 'a 3\nnew 1\n'
  await run.round()
  expect(run.sink.values(`new{${labels}}`)).toEqual([1])
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale'])
})

test('takes an empty body as a target with nothing to say, not as a failure', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  target.answer = ''
  await run.round()
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 'stale'])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 0, kept: 0, added: 0 })
})

test('reads OpenMetrics when the target answers so, and fails when it was cut off', async () => {
  await using target = await fakeTarget(
    '# TYPE a counter\n# HELP a A.\na_total 1 1767225600.5\n# TYPE h histogram\nh_bucket{le="1"} 2\n# EOF\n',
  )
  target.contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  expect(run.sink.samples(`a_total{${labels}}`)).toEqual([{ timeMs: 1767225600500, value: 1 }])
  expect(run.sink.values(`h_bucket{instance="${target.address}", job="shop", le="1.0"}`)).toEqual([2])
  expect(run.sink.metas.get('a_total')).toEqual({ type: 'counter', help: 'A.' })
  target.answer = '# TYPE h histogram\nh_bucket{le="1"} 2\n'
  await run.round()
  expect(reports(labels, run.sink).up).toBe(0)
  expect(run.manager.targets().activeTargets[0]?.lastError).toContain('does not end with # EOF')
})

test('reads an unknown content type as text and says so once', async () => {
  await using target = await fakeTarget('a 1\n')
  target.contentType = 'application/octet-stream'
  await using run = await scraping([job(target.address)])
  await run.round()
  await run.round()
  expect(run.sink.values(`a{instance="${target.address}", job="shop"}`)).toEqual([1, 1])
  expect(run.errors).toEqual([
    expect.stringContaining('its Content-Type (application/octet-stream) is none of an exposition'),
  ])
})

test('lets the labels of the target win, or those of the series with honor_labels', async () => {
  await using target = await fakeTarget('a{job="x",exported_job="y",instance=""} 1\n')
  const other = { job_name: 'honest', honor_labels: true, static_configs: [{ targets: [target.address] }] }
  await using run = await scraping([job(target.address), other])
  await run.round()
  expect(run.sink.seriesOf('a').map(String).sort()).toEqual(
    [
      'a{exported_job="y", job="x"}',
      `a{exported_exported_job="x", exported_job="y", instance="${target.address}", job="shop"}`,
    ].sort(),
  )
})

test('takes timestamps of the target, without markers for them, unless told otherwise', async () => {
  await using target = await fakeTarget('a 1 1767225000000\nb 1\n')
  const options = { honor_timestamps: false }
  const tracking = { track_timestamps_staleness: true }
  await using run = await scraping([
    job(target.address),
    job(target.address, { job_name: 'ours', ...options }),
    job(target.address, { job_name: 'tracked', ...tracking }),
  ])
  await run.round()
  target.answer = 'b 1\n'
  await run.round()
  const samples = (name: string) => run.sink.samples(`a{instance="${target.address}", job="${name}"}`)
  expect(samples('shop')).toEqual([{ timeMs: 1767225000000, value: 1 }])
  expect(samples('ours').map(({ value }) => value)).toEqual([1, 'stale'])
  expect(samples('ours')[0]?.timeMs).toBe(run.sink.samples(`up{instance="${target.address}", job="ours"}`)[0]?.timeMs)
  expect(samples('tracked').map(({ value }) => value)).toEqual([1, 'stale'])
})

test('drops and renames by metric_relabel_configs, and counts both', async () => {
  await using target = await fakeTarget('a{x="1"} 1\nb 2\ngo_gc 3\n')
  await using run = await scraping([
    job(target.address, {
      metric_relabel_configs: [
        { source_labels: ['__name__'], regex: 'go_.*', action: 'drop' },
        { source_labels: ['__name__'], regex: 'b', target_label: '__name__', replacement: 'c' },
      ],
    }),
  ])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  await run.round()
  expect(run.sink.values(`c{${labels}}`)).toEqual([2, 2])
  expect(run.sink.seriesOf('go_gc')).toEqual([])
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 3, kept: 2, added: 0 })
})

test('fails a scrape that has more samples than sample_limit after relabelling', async () => {
  await using target = await fakeTarget('a 1\nb 2\ngo_gc 3\n')
  await using run = await scraping([
    job(target.address, {
      sample_limit: 2,
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'go_.*', action: 'drop' }],
    }),
  ])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  expect(reports(labels, run.sink).up).toBe(1)
  target.answer = 'a 1\nb 2\nc 3\nd 4\n'
  await run.round()
  expect(reports(labels, run.sink)).toEqual({ up: 0, scraped: 4, kept: 4, added: 0 })
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 'stale'])
  expect(run.sink.seriesOf('c')).toEqual([])
  expect(run.manager.targets().activeTargets[0]?.lastError).toBe('sample_limit exceeded (samples: 4, limit: 2)')
})

test.each([
  [{ label_limit: 3 }, 'label_limit exceeded (metric: a, labels: 4, limit: 3)'],
  [{ label_name_length_limit: 8 }, 'label_name_length_limit exceeded (metric: a, label: long_label'],
  [{ label_value_length_limit: 30 }, 'label_value_length_limit exceeded (metric: a, label: long_label'],
])('fails a scrape that exceeds %j', async (limit, message) => {
  await using target = await fakeTarget(`a{long_label="${'v'.repeat(40)}"} 1\n`)
  await using run = await scraping([job(target.address, limit)])
  await run.round()
  expect(run.manager.targets().activeTargets[0]?.lastError).toContain(message)
})

test('refuses to scrape a job that has more targets than target_limit', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([
    { job_name: 'shop', target_limit: 1, static_configs: [{ targets: [target.address, 'b:1'] }] },
  ])
  await run.round()
  const { activeTargets } = run.manager.targets()
  expect(activeTargets.map(({ lastError }) => lastError)).toEqual(
    Array(2).fill('target_limit exceeded (targets: 2, limit: 1)'),
  )
  expect(target.requests).toHaveLength(0)
})

test('keeps the first of samples that stand twice, also under another spelling, and says so', async () => {
  await using target = await fakeTarget('a{x="1",y="2"} 1\na{y="2",x="1"} 2\nb 1\nb 2\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  await run.round()
  expect(run.sink.values(`a{${labels}, x="1", y="2"}`)).toEqual([1, 1])
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 1])
  expect(run.errors).toEqual([expect.stringContaining('stand more than once')])
  target.answer = 'a{y="2",x="1"} 3\nb 1\n'
  await run.round()
  expect(run.sink.values(`a{${labels}, x="1", y="2"}`)).toEqual([1, 1, 3])
})

test('goes on with the series that the store takes, and asks again for the others later', async () => {
  await using target = await fakeTarget('a 1\nb 1\n')
  await using run = await scraping([job(target.address)])
  run.sink.accepts = (labels) => labels.name !== 'b'
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  expect(run.sink.values(`a{${labels}}`)).toEqual([1])
  expect(run.errors).toEqual([expect.stringContaining('refused because of the limits of the store')])
  run.sink.accepts = () => true
  await run.round()
  expect(run.sink.seriesOf('b')).toEqual([])
  for (let round = 0; round < 30; round++) await run.round()
  expect(run.sink.values(`b{${labels}}`).length).toBeGreaterThan(0)
  expect(run.sink.values(`a{${labels}}`)).toHaveLength(32)
})

test('does not wait for the disk, and tells when it fails', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([job(target.address)])
  run.sink.failure = new Error('disk full')
  await run.round()
  await run.round()
  expect(run.sink.values(`a{instance="${target.address}", job="shop"}`)).toEqual([1, 1])
  expect(run.errors).toContain('job shop: disk full')
})

test('shows its targets as Prometheus does', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([
    job(target.address, {
      static_configs: [{ targets: [target.address, 'dropped:1'], labels: { env: 'x' } }],
      params: { token: ['hunter2'] },
      relabel_configs: [{ source_labels: ['__address__'], regex: 'dropped.*', action: 'drop' }],
    }),
  ])
  const before = run.manager.targets().activeTargets[0]
  expect(before).toMatchObject({ health: 'unknown', lastError: '', lastScrape: '0001-01-01T00:00:00Z' })
  await run.round()
  const view = run.manager.targets()
  expect(view.activeTargets).toEqual([
    {
      discoveredLabels: {
        __address__: target.address,
        __metrics_path__: '/metrics',
        __param_token: '<secret>',
        __scheme__: 'http',
        __scrape_interval__: '10s',
        __scrape_timeout__: '10s',
        env: 'x',
        job: 'shop',
      },
      labels: { env: 'x', instance: target.address, job: 'shop' },
      scrapePool: 'shop',
      scrapeUrl: `http://${target.address}/metrics?token=***`,
      globalUrl: `http://${target.address}/metrics?token=***`,
      lastError: '',
      lastScrape: expect.stringMatching(/^2026-01-01T00:00:0\d\.\d{3}Z$/),
      lastScrapeDuration: expect.any(Number),
      health: 'up',
      scrapeInterval: '10s',
      scrapeTimeout: '10s',
    },
  ])
  expect(view.droppedTargets).toMatchObject([{ discoveredLabels: { __address__: 'dropped:1' }, scrapePool: 'shop' }])
  expect(view.droppedTargetCounts).toEqual({ shop: 1 })
})

test('leaves jobs that have not changed alone at a reload', async () => {
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  await run.manager.update(parseConfigs([job(target.address), job(target.address, { job_name: 'new' })]))
  expect(run.manager.targets().activeTargets.map(({ health }) => health)).toEqual(['up', 'unknown'])
  await run.round()
  expect(reports(labels, run.sink)).toEqual({ up: 1, scraped: 1, kept: 1, added: 0 })
})

test('hands the series of a target on when its job changes, and marks what is then no more', async () => {
  await using target = await fakeTarget('a 1\nb 1\n')
  await using run = await scraping([job(target.address)])
  const labels = `instance="${target.address}", job="shop"`
  await run.round()
  const drop = { metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'b', action: 'drop' }] }
  await run.manager.update(parseConfigs([job(target.address, drop)]))
  await run.round()
  expect(run.sink.values(`a{${labels}}`)).toEqual([1, 1])
  expect(run.sink.values(`b{${labels}}`)).toEqual([1, 'stale'])
  expect(run.sink.values(`up{${labels}}`)).toEqual([1, 1])
})

test('marks a target that is no more as gone, its reports too, and lets the others be', async () => {
  await using target = await fakeTarget('a 1\n')
  await using other = await fakeTarget('a 1\n')
  const both = { static_configs: [{ targets: [target.address, other.address] }] }
  await using run = await scraping([job('', both), job(target.address, { job_name: 'gone' })])
  await run.round()
  await run.manager.update(parseConfigs([job(target.address)]))
  const values = (name: string, address: string, of = 'shop') =>
    run.sink.values(`${name}{instance="${address}", job="${of}"}`)
  for (const name of ['a', 'up', 'scrape_series_added', 'scrape_duration_seconds']) {
    expect(values(name, other.address).at(-1)).toBe('stale')
    expect(values(name, target.address, 'gone').at(-1)).toBe('stale')
    expect(values(name, target.address).at(-1)).not.toBe('stale')
  }
  expect(run.manager.targets().activeTargets).toHaveLength(1)
})

test('leaves all series as they are when the program stops', async () => {
  await using target = await fakeTarget('a 1\n')
  const run = await scraping([job(target.address)])
  await run.round()
  const count = run.sink.batches.length
  await run.manager.stop()
  expect(run.sink.batches).toHaveLength(count)
  expect(run.clock.sleeping).toBe(0)
})
