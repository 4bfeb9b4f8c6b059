import { describe, expect, test } from 'vitest'
import { HealthBoard } from '../../../src/health/health-board.ts'
import { degraded, down, unknown, up } from '../../../src/model/finding.ts'
import { Labels } from '../../../src/model/labels.ts'
import type { AlertingRule, VectorSample } from '../../../src/model/rule.ts'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { RuleEngine } from '../../../src/rule/rule-engine.ts'
import { saveChecks } from '../../../src/store/checks.ts'
import { recordDelivery } from '../../../src/store/outbox.ts'
import { createToken, newToken, type Scope } from '../../../src/store/tokens.ts'
import type { CheckView, WebContext } from '../../../src/web/context.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { putSamples } from '../../support/samples.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A quarter past: the last bar is half over. */
const NOW = Date.UTC(2026, 5, 1, 12, 15)

const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

function info(name: string, given: Partial<CheckView> = {}): CheckView {
  return {
    name,
    kind: 'http',
    instance: `https://${name}.example.org/`,
    critical: false,
    category: 'application',
    everyMs: MINUTE,
    timeoutMs: 5000,
    dependsOn: [],
    runbook: undefined,
    labels: {},
    written: {},
    ...given,
  }
}

function seriesOf(name: string, metric = 'probe_success', more: Record<string, string> = {}) {
  return { __name__: metric, job: 'probe', check: name, instance: name, ...more }
}

/** One sample every minute from one time to before another. */
function every(fromMs: number, toMs: number, value: number): [number, number][] {
  const samples: [number, number][] = []
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE) samples.push([atMs, value])
  return samples
}

interface Given {
  readonly checks?: readonly CheckView[]
  readonly config?: string
  readonly context?: Partial<WebContext>
}

/** midwatch with these checks, all healthy as of an hour ago. */
async function start({ checks = [], config, context }: Given = {}): Promise<TestWeb & { readonly board: HealthBoard }> {
  const board = new HealthBoard()
  board.update(checks, NOW - HOUR)
  for (const { name } of checks) board.note(name, up(), NOW - HOUR, 12)
  const web = await testWeb({
    clock: new ManualClock(NOW),
    ...(config === undefined ? {} : { config }),
    context: { board, checks: () => checks, ...context },
  })
  return Object.assign(web, { board })
}

/** What a reader sees, without the elements. */
function words(page: string): string {
  return page
    .replace(/<head>.*?<\/head>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
}

/** The description of a check's bars, as it is read out. */
function bars(page: string, name: string): string {
  const row = page.split('<li class="check').find((part) => part.includes(`/checks/${name}"`)) ?? ''
  return /role="img" aria-label="([^"]*)"/.exec(row)?.[1] ?? ''
}

describe('the overview', () => {
  test('puts what is wrong first, with since when and why', async () => {
    await using site = await start({ checks: [info('shop', { critical: true }), info('database')] })
    site.board.note('shop', down('status', 'expected 2xx, got 502', { phase: 'transfer' }), NOW - 14 * MINUTE, 182)
    const { status, text, headers } = await site.get('/', html)
    expect(status).toBe(200)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(words(text)).toContain('1 of 2 checks is unhealthy: shop')
    expect(words(text)).toContain('for 14 min')
    expect(words(text)).toContain('It answered with another status than expected.')
    expect(words(text)).toContain('expected 2xx, got 502')
    expect(words(text)).toContain('182 ms')
    expect(text).toContain('<title>1 unhealthy · midwatch</title>')
  })

  test('tells how to begin where nothing is checked', async () => {
    await using site = await start()
    expect(words((await site.get('/', html)).text)).toContain('No checks are configured')
  })

  test('narrows the list by status and by a part of the name, and ignores what it does not understand', async () => {
    await using site = await start({ checks: [info('shop'), info('mail'), info('database')] })
    site.board.note('mail', down('refused', 'ECONNREFUSED'), NOW - MINUTE, 1)
    const names = async (path: string) =>
      [...(await site.get(path, html)).text.matchAll(/class="name" href="\/checks\/([^"]+)"/g)].map(([, name]) => name)
    expect(await names('/')).toEqual(['mail', 'database', 'shop'])
    expect(await names('/?status=unhealthy')).toEqual(['mail'])
    expect(await names('/?q=DATA')).toEqual(['database'])
    expect(await names('/?status=healthy&q=a')).toEqual(['database', 'shop'])
    expect(await names('/?status=purple')).toEqual(['mail', 'database', 'shop'])
    expect(await names('/?q=nothing')).toEqual([])
  })

  test('draws half-hours as up, down, degraded, unknown, and leaves out when midwatch did not run', async () => {
    await using site = await start({ checks: [info('shop'), info('slow'), info('job'), info('young')] })
    const dayAgo = Date.UTC(2026, 4, 31, 12, 30)
    const pause = [dayAgo + 4 * HOUR, dayAgo + 6 * HOUR] as const
    await putSamples(site.store, [
      [
        seriesOf('shop'),
        ...every(dayAgo, dayAgo + HOUR, 1),
        [dayAgo + HOUR, 0],
        ...every(dayAgo + HOUR + MINUTE, pause[0], 1),
        ...every(pause[1], NOW, 1),
      ],
      [seriesOf('slow'), ...every(dayAgo, pause[0], 1), ...every(pause[1], NOW, 1)],
      [seriesOf('job'), ...every(NOW - HOUR, NOW, 1)],
      [seriesOf('young'), ...every(NOW - 40 * MINUTE, NOW, 1)],
    ])
    await site.store.writer.run(saveChecks, {
      rows: [],
      events: [
        { name: 'slow', atMs: dayAgo - HOUR, state: 'degraded', message: 'slow' },
        { name: 'slow', atMs: dayAgo + HOUR + 10 * MINUTE, state: 'healthy', message: '' },
        { name: 'job', atMs: dayAgo, state: 'unknown', message: 'no ping' },
        { name: 'job', atMs: NOW - HOUR, state: 'healthy', message: '' },
      ],
    })
    const { text } = await site.get('/', html)
    expect(bars(text, 'shop')).toBe(
      'Last 24 hours: down in 1 of 48 half-hours, last until 31 May, 14:00 UTC; no data in 4; otherwise up.',
    )
    expect(bars(text, 'slow')).toBe(
      'Last 24 hours: degraded in 3 of 48 half-hours, last until 31 May, 14:00 UTC; no data in 4; otherwise up.',
    )
    expect(bars(text, 'job')).toMatch(/^Last 24 hours: unknown in 41 of 48 half-hours.*; no data in 4; otherwise up\.$/)
    expect(bars(text, 'young')).toBe('Last 24 hours: no data in 46 of 48 half-hours; otherwise up.')
  })

  test('bars that are known are kept, and what happens next is in the next page', async () => {
    await using site = await start({ checks: [info('shop')] })
    await putSamples(site.store, [[seriesOf('shop'), ...every(NOW - 20 * HOUR, NOW, 1)]])
    expect(bars((await site.get('/', html)).text, 'shop')).not.toContain('down')
    await site.clock.advance(2 * MINUTE)
    await putSamples(site.store, [[seriesOf('shop'), [NOW + MINUTE, 0]]])
    expect(bars((await site.get('/', html)).text, 'shop')).toContain('down in 1 of 48')
    await site.clock.advance(3 * HOUR)
    await putSamples(site.store, [[seriesOf('shop'), ...every(NOW + 5 * MINUTE, NOW + 3 * HOUR, 1)]])
    expect(bars((await site.get('/', html)).text, 'shop')).toMatch(/down in 1 of 48 half-hours, last until 12:30 UTC/)
    await site.clock.advance(DAY)
    expect(bars((await site.get('/', html)).text, 'shop')).toContain('no data')
    expect(bars((await site.get('/', html)).text, 'shop')).not.toContain('down')
  })

  test('reads the same bars from chunks as from memory', async () => {
    await using site = await start({ checks: [info('shop')] })
    await putSamples(site.store, [
      [seriesOf('shop'), ...every(NOW - 20 * HOUR, NOW - 2 * HOUR, 1), [NOW - 2 * HOUR, 0], [NOW - HOUR, 1]],
    ])
    const before = bars((await site.get('/', html)).text, 'shop')
    await site.store.series.seal(NOW - 90 * MINUTE, 0, new AbortController().signal)
    await using again = await site.reopen()
    expect(bars((await again.get('/', html)).text, 'shop')).toBe(before)
    expect(before).toContain('down in 1 of 48')
  })

  test('shows alerts with their page in the runbooks, and what holds them back', async () => {
    const checks = [info('shop', { dependsOn: ['database'] }), info('database')]
    await using site = await start({
      checks,
      context: { rules: await firing([{ check: 'shop' }, { check: 'database' }]) },
    })
    site.board.note('database', down('refused', 'ECONNREFUSED'), NOW - 5 * MINUTE, 1)
    const { text } = await site.get('/', html)
    expect(words(text)).toContain('2 firing')
    expect(words(text)).toContain('shop is down')
    expect(text).toContain('href="/docs/runbooks/check-down"')
    expect(words(text).split('held back: it depends on database, which is down')).toHaveLength(2)
  })

  test('says when alerts fire and nobody would be told', async () => {
    const rules = await firing([{ check: 'shop' }])
    await using site = await start({ checks: [info('shop')], context: { rules } })
    expect(words((await site.get('/', html)).text)).toContain('Nobody is told')
    const config = 'notify: { slack: "https://hooks.slack.example.org/services/x" }'
    await using told = await start({ checks: [info('shop')], context: { rules }, config })
    expect(words((await told.get('/', html)).text)).not.toContain('Nobody is told')
  })

  test('says what is wrong with midwatch itself: a refused config, a failing channel, a failing rule', async () => {
    const lastReload = () => ({
      ok: false,
      atMs: NOW - 3 * MINUTE,
      problems: [{ file: 'midwatch.yml', line: 3, message: '"30 s" is not a duration', severity: 'error' as const }],
    })
    const failing = engine(async () => {
      throw new Error('too many series')
    })
    await failing.tick(NOW)
    await using site = await start({
      config: 'notify: { slack: "https://hooks.slack.example.org/services/x" }',
      context: { lastReload, rules: failing },
    })
    const outcome = { kind: 'retry', error: 'slack answered 500', nextTryMs: NOW } as const
    await site.store.writer.run(recordDelivery, {
      ids: [1],
      channel: 'slack',
      nowMs: NOW - MINUTE,
      outcome,
      events: [],
    })
    await site.store.writer.run(recordDelivery, { ids: [2], channel: 'pager', nowMs: NOW, outcome, events: [] })
    const text = words((await site.get('/', html)).text)
    expect(text).toContain('The configuration was refused 3 min ago')
    expect(text).toContain('midwatch.yml:3: "30 s" is not a duration')
    expect(text).toContain('Messages through slack do not arrive 1 min ago slack answered 500')
    expect(text).toContain('A rule can’t be evaluated')
    expect(text).toContain('checks/CheckDown: too many series')
    // What is not configured any more keeps nobody from being told.
    expect(text).not.toContain('pager')
  })

  test('two hundred checks with a day of samples take little, and nobody else waits long', async () => {
    const checks = Array.from({ length: 200 }, (_, i) => info(`check-${i}`, { everyMs: 15_000 }))
    await using site = await start({ checks })
    await fill(site, checks, 15_000)
    await site.get('/', html)
    // Time of the processor and not of the clock: on a busy machine others have their share of that.
    const spentMs = () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    }
    let lastMs = spentMs()
    let longestMs = 0
    let isDone = false
    const watch = () => {
      longestMs = Math.max(longestMs, spentMs() - lastMs)
      lastMs = spentMs()
      if (!isDone) setImmediate(watch)
    }
    watch()
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      await site.clock.advance(15_000)
      const cpu = process.cpuUsage()
      const { text } = await site.get('/', html)
      const { user, system } = process.cpuUsage(cpu)
      times.push((user + system) / 1000)
      expect(text.split('class="name" href="/checks/')).toHaveLength(201)
    }
    isDone = true
    if (process.env.MIDWATCH_FIGURES !== undefined) console.log(times, longestMs)
    // Well above what it takes (25 ms, and no wait above 15), so that a busy machine does not fail it.
    expect(Math.min(...times)).toBeLessThan(150)
    expect(longestMs).toBeLessThan(500)
  })
})

describe('the page of a check', () => {
  test('tells uptime, phases, state changes and alerts', async () => {
    const shop = info('shop', { critical: true, dependsOn: ['database'], labels: { team: 'web' } })
    await using site = await start({
      checks: [shop, info('database')],
      context: { rules: await firing([{ check: 'shop' }, { check: 'database' }]) },
    })
    site.board.note('shop', down('status', 'expected 2xx, got 502', { phase: 'processing' }), NOW - MINUTE, 200)
    await putSamples(site.store, [
      [seriesOf('shop'), ...every(NOW - 12 * HOUR, NOW - 6 * HOUR, 0), ...every(NOW - 6 * HOUR, NOW, 1)],
      [seriesOf('shop', 'probe_duration_seconds'), ...every(NOW - 12 * HOUR, NOW, 0.2)],
      [seriesOf('shop', 'probe_http_duration_seconds', { phase: 'tls' }), [NOW - MINUTE, 0]],
      [seriesOf('shop', 'probe_http_duration_seconds', { phase: 'resolve' }), [NOW - MINUTE, 0.002]],
      [seriesOf('shop', 'probe_http_duration_seconds', { phase: 'connect' }), [NOW - MINUTE, 0.03]],
      [seriesOf('shop', 'probe_http_duration_seconds', { phase: 'processing' }), [NOW - MINUTE, 0]],
      [seriesOf('shop', 'probe_http_duration_seconds', { phase: 'transfer' }), [NOW - 2 * MINUTE, 0.9]],
    ])
    await site.store.writer.run(saveChecks, {
      rows: [],
      events: [
        { name: 'shop', atMs: NOW - 12 * HOUR, state: 'unhealthy', message: 'ECONNREFUSED' },
        { name: 'shop', atMs: NOW - 6 * HOUR, state: 'healthy', message: '' },
      ],
    })
    const { status, text } = await site.get('/checks/shop', html)
    const read = words(text)
    expect(status).toBe(200)
    expect(read).toContain('24 hours 50.00 % of the 12 h')
    expect(read).toContain('7 days 50.00 %')
    expect(read).toContain('30 days 50.00 %')
    expect(read).toContain('Median 200 ms')
    // The failed phase gets what is left of the run; what did not happen is not there.
    expect(read).toContain('resolve 2 ms connect 30 ms processing failed 168 ms Total 200 ms')
    expect(read).not.toContain('transfer')
    expect(read).toMatch(/State changes Unhealthy 2026-06-01 12:14:00 UTC.*Healthy 2026-06-01 06:15:00.*ECONNREFUSED/)
    expect(read).toContain('shop is down')
    expect(read).not.toContain('database is down')
    expect(read).toContain('team = web')
    expect(text).toContain('/api/v1/checks/shop')
  })

  test('of a heartbeat tells when it is awaited and has no latency', async () => {
    const instance = 'expected every 1d, 30m grace'
    const backup = info('backup', { kind: 'heartbeat', instance, everyMs: 5000, timeoutMs: undefined })
    await using site = await start({ checks: [backup] })
    site.board.note('backup', unknown('late', 'no ping has come yet'), NOW, 0)
    const read = words((await site.get('/checks/backup', html)).text)
    expect(read).toContain('Awaited every 1d, 30m grace')
    expect(read).toContain('no ping has come yet')
    expect(read).not.toContain('did not report in time')
    expect(read).not.toContain('Latency, last')
    expect(read).not.toContain('Asked')
  })

  test('of one that was never looked at has nothing to invent', async () => {
    const checks = [info('shop')]
    const board = new HealthBoard()
    board.update(checks, NOW)
    await using site = await start({ checks, context: { board } })
    const read = words((await site.get('/checks/shop', html)).text)
    expect(read).toContain('24 hours not known')
    expect(read).toContain('Nothing was measured in this time')
    expect(read).toContain('Last success never')
  })

  test('a month of samples gives uptimes in which time without samples counts neither way', async () => {
    await using site = await start({ checks: [info('shop', { everyMs: 10 * MINUTE })] })
    const samples: [number, number][] = []
    for (let atMs = NOW - 20 * DAY; atMs < NOW; atMs += 10 * MINUTE) {
      if (atMs < NOW - 5 * DAY && atMs >= NOW - 10 * DAY) continue
      samples.push([atMs, atMs < NOW - 18 * DAY ? 0 : 1])
    }
    await putSamples(site.store, [[seriesOf('shop'), ...samples]])
    const { json } = await site.get('/api/v1/checks/shop')
    const [day, week, month] = json.uptime
    expect(day).toEqual({ window_seconds: 86_400, up_ratio: 1, known_ratio: expect.closeTo(1, 2) })
    expect(week).toEqual({ window_seconds: 604_800, up_ratio: 1, known_ratio: expect.closeTo(5 / 7, 2) })
    expect(month.up_ratio).toBeCloseTo(13 / 15, 3)
    expect(month.known_ratio).toBeCloseTo(15 / 30, 2)
    // Asked again, the half-hours that are over are known already.
    expect((await site.get('/api/v1/checks/shop')).json.uptime).toEqual(json.uptime)
  })

  test('a name that no check has is a page with 404, not an empty check', async () => {
    await using site = await start({ checks: [info('shop')] })
    const { status, text, headers } = await site.get('/checks/shopp', html)
    expect(status).toBe(404)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(words(text)).toContain('there is no check "shopp"')
  })

  test('as JSON has the same, also for a list of all', async () => {
    await using site = await start({ checks: [info('shop'), info('mail'), info('job')] })
    site.board.note('mail', degraded('latency', 'took 900 ms'), NOW, 900)
    await putSamples(site.store, [[seriesOf('mail'), ...every(NOW - HOUR, NOW, 1)]])
    const { json } = await site.get('/api/v1/checks/mail')
    expect(json).toMatchObject({
      name: 'mail',
      status: 'degraded',
      reason: 'latency',
      message: 'took 900 ms',
      alerts: [],
    })
    expect(json.history.slots).toHaveLength(48)
    expect(json.history.slots.at(-1)).toBe('degraded')
    const list = (await site.get('/api/v1/checks?page=2&page_size=2')).json
    expect(list).toMatchObject({ page: 2, page_size: 2, total: 3, items: [{ name: 'job', status: 'healthy' }] })
    expect((await site.get('/api/v1/checks?page=0')).json.errors).toEqual([
      { field: 'page', message: expect.any(String) },
    ])
    expect((await site.get('/api/v1/checks/nobody')).status).toBe(404)
  })
})

describe('the other pages', () => {
  test('a trace is its journey, under its id in any spelling', async () => {
    await using site = await start()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await site.context.audit.record([
      {
        traceId,
        event: 'invoice.posted',
        actor: 'worker-3',
        action: 'post',
        resource: 'invoices/7',
        outcome: 'failure',
      },
    ])
    for (const id of [traceId, traceId.toUpperCase(), '4bf92f35-77b3-4da6-a3ce-929d0e0e4736']) {
      const { status, text } = await site.get(`/traces/${id}`, html)
      expect(status).toBe(200)
      expect(words(text)).toContain('invoice.posted')
      expect(text).toContain(`/api/v1/traces/${traceId}`)
    }
    for (const id of ['00000000000000000000000000000001', 'x', '%3Cscript%3E']) {
      const { status, text } = await site.get(`/traces/${id}`, html)
      expect(status).toBe(404)
      expect(words(text)).toContain('Nothing is known of this id')
    }
  })

  test('a long journey shows its first part and how much there is', async () => {
    await using site = await start()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const record = { traceId, event: 'step', actor: 'a', action: 'b', resource: 'c' }
    await site.context.audit.record(Array.from({ length: 620 }, () => record))
    const { text } = await site.get(`/traces/${traceId}`, html)
    expect(words(text)).toContain('The first 500 of 620')
  })

  test('every shipped runbook is a page, and no name leads out of their folder', async () => {
    await using site = await start({ config: EXPOSED })
    const index = await site.get('/docs/runbooks', html)
    expect(index.status).toBe(200)
    const links = [...index.text.matchAll(/href="(\/docs\/runbooks\/[a-z0-9-]+)"/g)].map(([, href]) => href as string)
    expect(links.length).toBeGreaterThan(20)
    for (const href of links) expect((await site.get(href, html)).status, href).toBe(200)
    for (const name of ['nothing', '..%2F..%2Fpackage', '%2e%2e%2freference%2fhttp', 'README%00']) {
      expect((await site.get(`/docs/runbooks/${name}`, html)).status, name).toBe(404)
    }
  })

  test('assets have addresses that name their content and may be kept for ever', async () => {
    await using site = await start({ config: EXPOSED })
    const { text } = await site.get('/login', html)
    const css = /href="(\/assets\/[^"]+\.css)"/.exec(text)?.[1] ?? ''
    const { status, headers } = await site.get(css)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await site.get('/assets/midwatch-0000000000.css')).status).toBe(404)
    expect((await site.get('/favicon.ico')).headers.get('location')).toMatch(/^\/assets\/midwatch-\w+\.svg$/)
  })

  test('browsers get errors as pages, programs and the addresses of programs as problem JSON', async () => {
    await using site = await start({
      context: {
        lastReload: () => {
          throw new Error('a fault of ours, with a secret')
        },
      },
    })
    const nowhere = await site.get('/nowhere', html)
    expect([nowhere.status, nowhere.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(nowhere.headers.get('content-security-policy')).toContain("default-src 'none'")
    const json = 'application/problem+json'
    for (const [path, accept] of [
      ['/nowhere', '*/*'],
      ['/nowhere', 'application/json'],
      ['/nowhere', 'application/json, text/html;q=0.5'],
      ['/api/v1/nothing', html.accept],
      ['/api/v1/checks/nothing', html.accept],
    ] as const) {
      const { status, headers } = await site.get(path, { accept })
      expect([status, headers.get('content-type')], `${path} ${accept}`).toEqual([404, json])
    }
    const broken = await site.get('/', html)
    expect(broken.status).toBe(500)
    expect(words(broken.text)).toContain('midwatch made a mistake')
    expect(broken.text).not.toContain('secret')
  })

  test('long answers are packed for who takes it, once, and say that they depend on it', async () => {
    await using site = await start({ checks: Array.from({ length: 20 }, (_, i) => info(`check-${i}`)) })
    const plain = await site.get('/', html)
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(plain.headers.get('vary')).toContain('Accept-Encoding')
    for (const path of ['/', '/health', '/api/v1/checks']) {
      const unpacked = (await site.web.request(path, { headers: html })).text()
      const packed = await site.web.request(path, { headers: { ...html, 'accept-encoding': 'gzip, br' } })
      expect(packed.headers.get('content-encoding'), path).toBe('gzip')
      const stream = (packed.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(
        new DecompressionStream('gzip'),
      )
      expect((await new Response(stream).text()).length, path).toBe((await unpacked).length)
    }
    const short = await site.get('/health/live', { 'accept-encoding': 'gzip' })
    expect(short.headers.get('content-encoding')).toBeNull()
    expect(short.json).toEqual({ status: 'alive' })
    const head = await site.web.request('/', { method: 'HEAD', headers: { ...html, 'accept-encoding': 'gzip' } })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})

const EXPOSED = 'server: { listen: "0.0.0.0:8420", external_url: "http://watch.example.org" }'

describe('where a token is needed', () => {
  const pages = ['/', '/?status=unhealthy&q=a', '/checks/shop', '/traces/4bf92f3577b34da6a3ce929d0e0e4736']

  test('pages lead to the sign-in and back, the API refuses, and runbooks are open', async () => {
    await using site = await start({ checks: [info('shop')], config: EXPOSED })
    for (const path of pages) {
      const { status, headers, text } = await site.get(path, html)
      expect([status, headers.get('location')]).toEqual([303, `/login?next=${encodeURIComponent(path)}`])
      expect(text).toBe('')
    }
    expect((await site.get('/api/v1/checks', html)).status).toBe(401)
    expect((await site.get('/docs/runbooks', html)).status).toBe(200)
    expect((await site.get('/health', html)).status).toBe(200)
  })

  test.each([
    ['read', 200],
    ['admin', 200],
    ['ingest', 403],
  ] as const)('a token with the scope %s gives %i', async (scope, expected) => {
    await using site = await start({ checks: [info('shop')], config: EXPOSED })
    const token = await tokenOf(site, scope)
    for (const path of pages.slice(0, 3)) {
      const byHeader = await site.get(path, { ...html, authorization: `Bearer ${token}` })
      const byCookie = await site.get(path, { ...html, cookie: `other=1; midwatch_session=${token}` })
      expect([byHeader.status, byCookie.status]).toEqual([expected, expected])
    }
  })

  test('a token that is made up, or was revoked, leads to the sign-in', async () => {
    await using site = await start({ config: EXPOSED })
    expect((await site.get('/', { ...html, cookie: 'midwatch_session=mw_made_up' })).status).toBe(303)
    expect((await site.get('/', { ...html, cookie: 'midwatch_session=%E0%A4%A' })).status).toBe(303)
  })

  test('signing in sets the cookie of a session and leads to where the reader wanted to go', async () => {
    await using site = await start({ checks: [info('shop')], config: EXPOSED })
    const token = await tokenOf(site, 'read')
    const { status, headers } = await signIn(site, { token: ` ${token}\n`, next: '/checks/shop?x=1' })
    expect([status, headers.get('location')]).toEqual([303, '/checks/shop?x=1'])
    const cookie = headers.get('set-cookie') ?? ''
    expect(cookie).toBe(`midwatch_session=${token}; Path=/; HttpOnly; SameSite=Lax`)
    const page = await site.get('/checks/shop', { ...html, cookie: cookie.split(';')[0] as string })
    expect(page.status).toBe(200)
    expect(words(page.text)).toContain('Sign out')
    const login = await site.get('/login?next=/checks/shop', { ...html, cookie: cookie.split(';')[0] as string })
    expect([login.status, login.headers.get('location')]).toEqual([303, '/checks/shop'])
  })

  test('a token from the config may hold what a cookie can not', async () => {
    const token = 'a;b=c,d"é%41-0123456789abcdef'
    const config = `${EXPOSED.slice(0, -1)}, tokens: [{ name: wall, token: '${token}', scopes: [read] }] }`
    await using site = await start({ config })
    const { headers } = await signIn(site, { token, next: '/' })
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0] as string
    expect((await site.get('/', { ...html, cookie })).status).toBe(200)
  })

  test.each(['https://evil.example.org/', '//evil.example.org', '/\\evil.example.org', 'javascript:alert(1)'])(
    'a sign-in leads nowhere else: %s',
    async (next) => {
      await using site = await start({ config: EXPOSED })
      const { headers } = await signIn(site, { token: await tokenOf(site, 'read'), next })
      expect(headers.get('location')).toBe('/')
    },
  )

  test('the cookie is for HTTPS alone where readers come by HTTPS', async () => {
    await using site = await start({ config: EXPOSED.replace('http://', 'https://') })
    const { headers } = await signIn(site, { token: await tokenOf(site, 'read'), origin: 'https://watch.example.org' })
    expect(headers.get('set-cookie')).toMatch(/; Secure$/)
    // Nobody may claim it for us.
    await using plain = await start({ config: EXPOSED })
    const claimed = await plain.post('/login', `token=${await tokenOf(plain, 'read')}`, {
      'x-forwarded-proto': 'https',
    })
    expect(claimed.headers.get('set-cookie')).not.toContain('Secure')
  })

  test('a wrong token is told on the page with 401, one without the scope with 403, and no cookie is set', async () => {
    await using site = await start({ config: EXPOSED })
    const wrong = await signIn(site, { token: 'mw_wrong', next: '/checks/shop' })
    expect(wrong.status).toBe(401)
    expect(words(wrong.text)).toContain('This token is not known, or it was revoked.')
    expect(wrong.text).toContain('name="next" value="/checks/shop"')
    expect(wrong.text).not.toContain('mw_wrong')
    const narrow = await signIn(site, { token: await tokenOf(site, 'ingest') })
    expect(narrow.status).toBe(403)
    expect(words(narrow.text)).toContain('has no scope read')
    expect((await signIn(site, { token: '' })).status).toBe(401)
    for (const { headers } of [wrong, narrow]) expect(headers.get('set-cookie')).toBeNull()
    expect(site.logged.join()).not.toContain('mw_wrong')
  })

  test('ten wrong tokens within a minute are enough, whoever is right after them has to wait', async () => {
    await using site = await start({ config: EXPOSED })
    const token = await tokenOf(site, 'read')
    for (let i = 0; i < 10; i++) expect((await signIn(site, { token: `wrong ${i}` })).status).toBe(401)
    await site.clock.advance(20_000)
    const refused = await signIn(site, { token })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40'])
    expect(words(refused.text)).toContain('Try again in 40 s')
    await site.clock.advance(40_000)
    expect((await signIn(site, { token })).status).toBe(303)
  })

  test('behind a trusted proxy each reader is counted alone, and an address that is made up does not help', async () => {
    const config = `${EXPOSED.slice(0, -1)}, trusted_proxies: [10.0.0.0/8] }`
    await using site = await start({ config })
    const fail = async (peer: string, forwarded: string) => {
      const env = { incoming: { socket: { remoteAddress: peer } } }
      const headers = { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'https' }
      const { status } = await site.web.request('/login', { method: 'POST', body: 'token=wrong', headers }, env)
      return status
    }
    for (let i = 0; i < 10; i++) await fail('10.0.0.1', `198.51.100.${i}, 192.0.2.7, 10.0.0.2`)
    expect(await fail('10.0.0.1', '198.51.100.99, 192.0.2.7')).toBe(429)
    expect(await fail('::ffff:10.0.0.1', '192.0.2.8')).toBe(401)
    // Nobody trusts this one, whatever it says about itself.
    for (let i = 0; i < 10; i++) await fail('203.0.113.5', `192.0.2.${i + 20}`)
    expect(await fail('203.0.113.5', '192.0.2.50')).toBe(429)
    const env = { incoming: { socket: { remoteAddress: '10.0.0.1' } } }
    const body = new URLSearchParams({ token: await tokenOf(site, 'read') }).toString()
    const init = { method: 'POST', body, headers: { 'x-forwarded-proto': 'https' } }
    expect((await site.web.request('/login', init, env)).headers.get('set-cookie')).toMatch(/; Secure$/)
  })

  test.each([{ origin: 'https://evil.example.org' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])(
    'forms of other sites are refused: %o',
    async (headers) => {
      await using site = await start({ config: EXPOSED })
      const token = await tokenOf(site, 'read')
      for (const path of ['/login', '/logout']) {
        const answer = await site.post(path, `token=${token}`, { ...html, ...headers })
        expect([answer.status, answer.headers.get('set-cookie')], path).toEqual([403, null])
      }
    },
  )

  test('signing out ends the session of the browser', async () => {
    await using site = await start({ config: EXPOSED })
    const { status, headers } = await site.post('/logout', '', { origin: 'http://watch.example.org' })
    expect([status, headers.get('location')]).toEqual([303, '/'])
    expect(headers.get('set-cookie')).toBe('midwatch_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
  })

  test('a form that is too large is refused', async () => {
    await using site = await start({ config: EXPOSED })
    expect((await site.post('/login', `token=${'x'.repeat(20_000)}`)).status).toBe(413)
  })

  test('where none is needed, nobody has to sign in, not even with an old cookie of somebody else', async () => {
    await using site = await start()
    const { status, text } = await site.get('/', { ...html, cookie: 'midwatch_session=of-another-program' })
    expect(status).toBe(200)
    expect(words(text)).not.toContain('Sign out')
    expect((await site.get('/login?next=/traces/x', html)).headers.get('location')).toBe('/traces/x')
  })
})

test('what others wrote is text on every page, wherever it comes from', async () => {
  const attack = `"'><img src=x onerror=alert(1)><script>alert(1)</script>`
  const evil = info(attack, {
    category: attack,
    instance: attack,
    kind: 'http',
    labels: { a: attack },
    runbook: attack,
  })
  await using site = await start({
    checks: [evil],
    context: { rules: await firing([{ check: attack, [attack]: attack }]) },
  })
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  site.board.note(attack, down('body', attack, { phase: attack, details: { [attack]: attack } }), NOW, 5)
  await site.store.writer.run(saveChecks, {
    rows: [],
    events: [{ name: attack, atMs: NOW, state: 'unhealthy', message: attack }],
  })
  await putSamples(site.store, [[seriesOf(attack, 'probe_http_duration_seconds', { phase: attack }), [NOW, 1]]])
  await site.context.audit.record([
    {
      traceId,
      event: attack,
      actor: attack,
      action: attack,
      resource: attack,
      outcome: attack,
      attributes: { [attack]: attack },
    },
  ])
  const name = encodeURIComponent(attack)
  for (const path of [
    '/',
    `/?q=${name}`,
    `/checks/${name}`,
    `/checks/x${name}`,
    `/traces/${traceId}`,
    `/traces/${name}`,
    `/docs/runbooks/${name}`,
    `/${name}`,
  ]) {
    const { text } = await site.get(path, html)
    expect(text, path).not.toMatch(/<script|<img src=x|onerror=alert\(1\)>/)
    // An address in a message stays as it was asked for: encoded.
    expect(text, path).toMatch(/&lt;script&gt;|%3Cscript%3E/)
  }
})

/** Rules that give an alert for each of these label sets, evaluated once. */
async function firing(sets: readonly Record<string, string>[]): Promise<RuleEngine> {
  const rules = engine(async () => sets.map((labels): VectorSample => ({ labels: Labels.of(labels), value: 0 })))
  await rules.tick(NOW - MINUTE)
  return rules
}

function engine(query: () => Promise<readonly VectorSample[]>): RuleEngine {
  const rule: AlertingRule = {
    kind: 'alerting',
    alert: 'CheckDown',
    expr: 'probe_success == 0',
    labels: { severity: 'critical' },
    annotations: { summary: '{{ $labels.check }} is down', runbook_url: 'docs/runbooks/check-down.md' },
    forMs: 0,
    keepFiringForMs: 0,
  }
  const group = { name: 'checks', file: 'checks.yml', intervalMs: undefined, queryOffsetMs: 0, limit: 0, rules: [rule] }
  const sink = { ref: () => undefined, append: async () => {}, durable: async () => {}, describe() {} }
  return new RuleEngine({ query, sink, externalUrl: '', onResult() {}, onError() {} }, [group])
}

async function tokenOf({ store }: TestWeb, scope: Scope): Promise<string> {
  const { id, text, hash } = newToken()
  await store.writer.run(createToken, { id, name: `a-${id}`, hash, scopes: [scope], nowMs: NOW })
  return text
}

function signIn(
  site: TestWeb,
  { token, next = '/', origin = 'http://watch.example.org' }: { token: string; next?: string; origin?: string },
) {
  const form = new URLSearchParams({ token, next }).toString()
  return site.post('/login', form, { ...html, 'content-type': 'application/x-www-form-urlencoded', origin })
}

/** A day of samples for every check, straight into the store. */
async function fill({ store: { series } }: TestWeb, checks: readonly CheckView[], spacingMs: number): Promise<void> {
  const batch = new BatchBuilder(1024)
  for (const { name } of checks) {
    const ref = series.ref(Labels.of(seriesOf(name)))
    if (ref === undefined) throw new Error(`no room for ${name}`)
    for (let atMs = NOW - DAY; atMs <= NOW; atMs += spacingMs) batch.add(ref, atMs, 1)
  }
  await series.append(batch)
}
