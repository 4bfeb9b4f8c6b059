import { expect, test } from 'vitest'
import { readCheckFilter } from '../../../src/web/page/filter.tsx'
import { renderPage } from '../../../src/web/page/layout.tsx'
import { OverviewPage, type OverviewView } from '../../../src/web/page/overview.tsx'
import { alert, allWell, badNight, check, many, nowMs, overview, page, summarize } from './views.ts'

const MINUTE = 60_000

function render(view: OverviewView): string {
  return renderPage(<OverviewPage page={page} view={view} />)
}

/** What a reader sees, without tags, white space as one blank. */
function textOf(html: string): string {
  return html
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ')
}

function headlineOf(view: OverviewView): string {
  return textOf(/<h1[^>]*>(.*?)<\/h1>/s.exec(render(view))?.[1] ?? '').trim()
}

function names(html: string): string[] {
  return [...html.matchAll(/<a class="name"[^>]*><bdi>([^<]*)/g)].map(([, name]) => name as string)
}

test('the headline says how many checks are how, and names the worst', () => {
  expect(headlineOf(allWell)).toBe('All 12 checks are healthy')
  expect(headlineOf(badNight)).toBe('2 of 12 checks are unhealthy: database and shop')
  expect(headlineOf(overview([check('a'), check('b', { status: 'degraded' })]))).toBe('1 of 2 checks is degraded: b')
  expect(headlineOf(overview([check('a'), check('b', { status: 'unknown' })]))).toBe('1 of 2 checks is unknown: b')
  expect(headlineOf(overview([check('a', { status: 'unhealthy' })]))).toBe('The only check is unhealthy: a')
  expect(headlineOf(overview([]))).toBe('Nothing is checked yet')
  const six = ['f', 'e', 'd', 'c', 'b', 'a'].map((name) => check(name, { status: 'unhealthy', critical: name === 'f' }))
  expect(headlineOf(overview([...six, check('g')]))).toBe('6 of 7 checks are unhealthy: f, a, b, c and 2 more')
})

test('the tab tells the worst, so that it shows among others', () => {
  expect(render(badNight)).toContain('<title>2 unhealthy · midwatch</title>')
  expect(render(allWell)).toContain('<title>All healthy · midwatch</title>')
})

test('the whole is degraded and not unhealthy while no critical check is, and the page says why', () => {
  const text = textOf(render(overview([check('a'), check('b', { status: 'unhealthy' })])))
  expect(text).toContain('Overall degraded: no critical check is unhealthy. 1 healthy.')
})

test('what is not healthy comes first, the worst and the critical on top, each once', () => {
  const shown = names(render(badNight))
  expect(shown.slice(0, 4)).toEqual(['database', 'shop', 'erp', 'branch-office'])
  expect(new Set(shown).size).toBe(12)
  expect(shown).toHaveLength(12)
})

test('a check that fails says why, in which phase, and since when', () => {
  const text = textOf(render(badNight))
  expect(text).toContain('No answer in time. phase connect no connection to 192.0.2.17:5432 within 5 s')
  expect(text).toContain('for 14 min , since 02:33 UTC')
  expect(render(badNight)).toContain('<time datetime="2026-03-12T02:33:15.000Z" title="2026-03-12 02:33:15 UTC">')
})

test('the bars of a day are told in a sentence', () => {
  expect(render(badNight)).toContain(
    'aria-label="Last 24 hours: down in 1 of 48 half-hours; degraded in 2, last until 02:30 UTC; unknown in 2, last until 21:00 UTC; otherwise up."',
  )
  expect(render(allWell)).toContain('aria-label="Last 24 hours: up throughout."')
})

test('alerts come by severity, pending ones apart, each with its value, labels and runbook', () => {
  const alerts = [
    alert('Odd', { severity: 'page-me' }),
    alert('Waiting', { state: 'pending', severity: 'critical' }),
    alert('Low', { severity: 'low' }),
    alert('Worst', {
      severity: 'critical',
      value: 0.12345,
      labels: { queue: 'invoices' },
      runbookUrl: 'docs/runbooks/queue-backlog.md',
    }),
    alert('None', { severity: undefined }),
  ]
  const html = render(overview([check('a')], { alerts }))
  const order = [...html.matchAll(/<strong class="name"><a href="\/alerts\/[0-9a-f]+"><bdi>([^<]*)/g)].map(
    ([, name]) => name,
  )
  expect(order).toEqual(['Worst', 'Low', 'None', 'Odd', 'Waiting'])
  const text = textOf(html)
  expect(text).toContain('Alerts 4 firing')
  expect(text).toContain('value 0.1235 Runbook of Worst queue = invoices')
  expect(render(badNight)).toContain('check <a href="/checks/shop"><bdi>shop</bdi></a>')
  expect(text.indexOf('Pending 1')).toBeGreaterThan(text.indexOf('Odd'))
})

test('what keeps midwatch from working stands above all lists', () => {
  const text = textOf(render(badNight))
  expect(text).toContain(
    'midwatch itself needs help The configuration was not reloaded 38 min ago midwatch.yml:41:7 "evry"',
  )
  expect(text.indexOf('midwatch itself needs help')).toBeLessThan(text.indexOf('Needs attention'))
  expect(textOf(render(allWell))).not.toContain('midwatch itself needs help')
})

test('an empty configuration shows what to write', () => {
  const text = textOf(render(overview([], { evaluatedAtMs: undefined })))
  expect(text).toContain('No checks are configured. Write one under checks: in midwatch.yml')
  expect(text).toContain('Rules were not evaluated yet')
  expect(text).toContain('No alert is firing or pending.')
})

test('a filter keeps its other half, and says when nothing matches', () => {
  const filter = readCheckFilter(new URLSearchParams('status=degraded&q=%20ERP '))
  expect(filter).toEqual({ status: 'degraded', text: 'ERP' })
  const html = render({ ...badNight, filter })
  expect(names(html)).toEqual(['erp'])
  expect(html).toContain('href="/?status=unhealthy&amp;q=ERP#checks"')
  expect(html).toContain('<input type="hidden" name="status" value="degraded"/>')
  expect(textOf(render({ ...badNight, filter: { status: undefined, text: 'nothing like it' } }))).toContain(
    'No check matches. Show all 12',
  )
  expect(readCheckFilter(new URLSearchParams('status=<script>'))).toEqual({ status: undefined, text: '' })
})

test('two hundred checks stay a page that loads at once', () => {
  expect(render(many).length).toBeLessThan(400_000)
  // Time of the processor and not of the clock: on a busy machine others have their share of that.
  const before = process.cpuUsage()
  render(many)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(1000)
})

test('times that are not yet, far away or broken are still words', () => {
  const checks = [
    check('future', { sinceMs: nowMs + 5 * MINUTE }),
    check('old', { sinceMs: 0 }),
    check('broken', { sinceMs: Number.NaN, latencyMs: Number.NaN }),
  ]
  const text = textOf(render(overview(checks)))
  expect(text).toContain('since 1970-01-01 ')
  expect(text).toContain('since unknown time')
  expect(text).not.toContain('NaN')
  expect(summarize(checks).healthy).toBe(3)
})
