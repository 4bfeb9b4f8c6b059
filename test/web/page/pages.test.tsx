import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAsset } from '../../../src/lib/asset.ts'
import { AckPage } from '../../../src/web/page/acknowledge.tsx'
import { AlertPage } from '../../../src/web/page/alert.tsx'
import { HistoryPage } from '../../../src/web/page/alerts-page.tsx'
import { addressAssets } from '../../../src/web/page/assets.ts'
import { CheckPage, type CheckView } from '../../../src/web/page/check.tsx'
import { FailurePage } from '../../../src/web/page/failure.tsx'
import { renderPage } from '../../../src/web/page/layout.tsx'
import { LoginPage } from '../../../src/web/page/login.tsx'
import { OverviewPage } from '../../../src/web/page/overview.tsx'
import { RunbookPage } from '../../../src/web/page/runbook.tsx'
import { assetHeaders, pageHeaders } from '../../../src/web/page/security.ts'
import { SlosPage } from '../../../src/web/page/slos.tsx'
import { TracePage, type TraceView } from '../../../src/web/page/trace.tsx'
import * as alertViews from './alert-views.ts'
import * as views from './views.ts'

const { page, nowMs } = views
const DAY = 86_400_000

function textOf(html: string): string {
  return html
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ')
}

const renderCheck = (view: CheckView) => renderPage(<CheckPage page={page} view={view} />)
const renderTrace = (view: TraceView) => renderPage(<TracePage page={page} view={view} />)
const renderRunbook = (name: string, markdown: string) =>
  renderPage(<RunbookPage page={page} view={{ name, markdown }} />)

test('a check shows where its last run failed and how long each phase took', () => {
  const text = textOf(renderCheck(views.shopView))
  expect(text).toContain('processing failed 1.17 s')
  expect(text).toContain('resolve 1.2 ms')
  expect(text).toContain('Total 1.2 s')
  expect(text).toContain('status_code 503')
})

test('uptime is cut and not rounded up, and what is unknown is said', () => {
  const uptimes = [
    { windowMs: DAY, upShare: 0.999999, knownShare: 0.5 },
    { windowMs: 7 * DAY, upShare: undefined, knownShare: 0 },
    { windowMs: 30 * DAY, upShare: 1, knownShare: 1 },
    { windowMs: 90 * DAY, upShare: 0.57, knownShare: 1 },
  ]
  const text = textOf(renderCheck({ ...views.shopView, uptimes }))
  expect(text).toContain('24 hours 99.999 % of the 12 h that are known')
  expect(text).toContain('7 days not known 30 days 100 % 90 days 57.00 %')
})

test('the call for JSON survives a shell, and names the token where one is needed', () => {
  const text = textOf(renderCheck({ ...views.shopView, jsonUrl: "http://127.0.0.1:8420/api/v1/checks/it's" }))
  expect(text).toContain(
    `curl -s -H "Authorization: Bearer $MIDWATCH_TOKEN" 'http://127.0.0.1:8420/api/v1/checks/it'\\''s'`,
  )
})

test('a heartbeat shows what it waits for, and neither target nor latency', () => {
  const text = textOf(renderCheck(views.heartbeatView))
  expect(text).toContain('Awaited 0 3 * * * Europe/Berlin, 30 min grace')
  expect(text).toContain('Last success never')
  expect(text).toContain('Last 24 hours: no data.')
  expect(text).not.toMatch(/Target|Latency|Asked/)
})

test('a latency line breaks where nothing was measured, and keeps its peaks when it is thinned', () => {
  const points = Array.from({ length: 5000 }, (_, i) => ({
    atMs: nowMs - DAY + (i * DAY) / 5000,
    latencyMs: i > 2000 && i < 2500 ? undefined : i === 4321 ? 950 : 100,
  }))
  const html = renderCheck({ ...views.shopView, latency: { fromMs: nowMs - DAY, toMs: nowMs, points } })
  const line = /<path class="line" d="([^"]*)"/.exec(html)?.[1] ?? ''
  expect(line.match(/M/g)).toHaveLength(2)
  expect(line).toMatch(/L\d+(?:\.\d)? 8L/) // 950 of 1000 ms, 160 high
  expect(line.length).toBeLessThan(8000)
  expect(textOf(html)).toContain('Median 100 ms, 95th percentile 100 ms, fastest 100 ms, slowest 950 ms.')
})

test('a journey is in order, with offsets, who did what, and attributes as a list', () => {
  const html = renderTrace(views.traceView)
  const text = textOf(html)
  expect(text).toContain('7 entries over 9.38 s, from 2026-03-12 02:25:20.000 UTC.')
  expect(text).toContain('+4.36 s 02:25:24.360')
  expect(text).toContain('actor worker-3 action erp.invoice.post resource invoices/20417')
  expect(text).toContain('peer.host erp.example.org')
  expect(text).toContain('2 did not go well, first: rpc.call , +4.36 s.')
  expect(text).toContain('Its attributes have been erased.')
  expect(text).not.toContain('{')
})

test('attributes without end are shown in part, and it is said', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`) as Record<string, unknown>
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))
  const entries = [deep, wide, { rows: [{ id: 1 }, { id: 2 }], none: null, empty: {} }].map((attributes) =>
    views.entry('x', { attributes }),
  )
  const text = textOf(renderTrace({ ...views.traceView, entries, total: 9000 }))
  expect(text).toContain('nested too deeply to show')
  expect(text).toContain('… 300 more')
  expect(text).toContain('rows.0.id 1 rows.1.id 2 none none empty empty')
  expect(text).toContain('The first 3 of 9,000')
})

test('an unknown trace id gets reasons and no empty list', () => {
  const text = textOf(renderTrace({ ...views.traceView, entries: [], total: 0 }))
  expect(text).toContain('Nothing is known of this id.')
  expect(text).toContain('a trace id has 32 hexadecimal digits')
})

test('an error tells what to do, and a missing right leads to the sign-in and back', () => {
  const render = (status: number, path: string) =>
    renderPage(<FailurePage page={{ ...page, path }} view={{ status, detail: '', traceId: undefined }} />)
  expect(render(401, '/checks/a b?x=1&y')).toContain('href="/login?next=%2Fchecks%2Fa%20b%3Fx%3D1%26y"')
  expect(textOf(render(404, '/x'))).toContain('There is no such page')
  expect(textOf(render(502, '/x'))).toContain('midwatch made a mistake')
  expect(textOf(render(418, '/x'))).toContain('418 This request makes no sense here')
})

test('every shipped runbook becomes a page whose links lead to pages that are there', () => {
  const folder = join(import.meta.dirname, '../../../docs/runbooks')
  const files = readdirSync(folder)
  expect(files.length).toBeGreaterThan(20)
  const known = new Set(['/docs/runbooks', ...files.map((file) => `/docs/runbooks/${file.replace(/\.md$/, '')}`)])
  for (const file of files) {
    const html = renderRunbook(file.replace(/\.md$/, ''), readAsset(`docs/runbooks/${file}`))
    const main = /<main.*<\/main>/s.exec(html)?.[0] ?? ''
    expect(main.match(/<h1/g)).toHaveLength(1)
    expect(textOf(main)).not.toMatch(/\|---|```|\]\(/)
    for (const [, href] of main.matchAll(/href="(\/docs\/[^"#]*)/g)) expect(known).toContain(href)
  }
})

test('Markdown keeps lists, code, tables, emphasis and anchors', () => {
  const html = renderRunbook(
    'x',
    '# Title\n\n## Two words\n\n3. a *b* **c** `d<e`\n4. e\n\n- [x](other.md#two-words) <https://example.org/>\n\n```sh\na && b\n```\n\n> q\n\n| a |\n|---|\n| b |\n',
  )
  expect(html).toContain('<h2 id="two-words">Two words</h2>')
  expect(html).toContain('<ol start="3"><li>a <em>b</em> <strong>c</strong> <code>d&lt;e</code></li>')
  expect(html).toContain('<a href="/docs/runbooks/other#two-words">x</a> <a href="https://example.org/">')
  expect(html).toContain('<code>a &amp;&amp; b</code>')
  expect(html).toContain('<blockquote><p>q</p></blockquote>')
  expect(html).toContain('<th scope="col">a</th>')
})

test('no attribute is misspelled: the type checker does not see that', () => {
  const pages = [
    <OverviewPage page={{ ...page, signedIn: true }} view={views.badNight} />,
    <CheckPage page={page} view={views.shopView} />,
    <SlosPage page={page} view={views.slosView} />,
    <TracePage page={page} view={views.traceView} />,
    <LoginPage page={page} view={{ next: '/', problem: 'x' }} />,
    <AckPage page={page} view={views.ackView} />,
    <FailurePage page={page} view={{ status: 500, detail: 'x', traceId: 'x' }} />,
    <RunbookPage page={page} view={{ name: 'x', markdown: readAsset('docs/runbooks/check-down.md') }} />,
  ]
  const known = new Set(
    `lang charset name content rel type href class id src alt width height action method value for maxlength placeholder
    autocomplete autocapitalize spellcheck required tabindex title datetime scope open start viewBox preserveAspectRatio
    role d cx cy r x y aria-hidden aria-label aria-labelledby aria-current aria-describedby aria-invalid
    selected`.split(/\s+/),
  )
  const used = new Set<string>()
  for (const html of pages.map(renderPage)) {
    for (const [tag] of html.matchAll(/<[a-z][^>]*>/g)) {
      for (const [, name] of tag.matchAll(/ ([^\s="]+)="[^"]*"/g)) used.add(name as string)
    }
  }
  expect([...used].filter((name) => !known.has(name))).toEqual([])
  expect(used.size).toBeGreaterThan(30)
})

test('every class of the style sheet is used, and every class that is used has a style', () => {
  const css = readAsset('static/midwatch.css').replace(/\/\*.*?\*\//gs, '')
  const styled = new Set([...css.matchAll(/\.([a-z][a-z-]*)/g)].map(([, name]) => name as string))
  const rendered = [views.badNight, views.allWell].map((view) =>
    renderPage(<OverviewPage page={{ ...page, signedIn: true }} view={view} />),
  )
  const all = [
    ...rendered,
    renderCheck(views.shopView),
    renderCheck(views.heartbeatView),
    renderPage(<SlosPage page={page} view={views.slosView} />),
    renderPage(<AlertPage page={page} view={alertViews.alertPage} />),
    renderPage(<HistoryPage page={page} view={alertViews.historyPage} />),
    renderTrace(views.traceView),
    renderTrace({ ...views.traceView, entries: [views.entry('x', { level: 'error', outcome: 'ok' })] }),
    renderPage(<LoginPage page={page} view={{ next: '/', problem: 'x' }} />),
    renderPage(<AckPage page={page} view={views.ackView} />),
    renderPage(<FailurePage page={page} view={{ status: 500, detail: 'x', traceId: 'x' }} />),
    renderRunbook('x', readAsset('docs/runbooks/check-down.md')),
  ].join('')
  const used = new Set([...all.matchAll(/ class="([^"]*)"/g)].flatMap(([, names]) => (names as string).split(' ')))
  const optional = /^(?:severity-|is-|slot-|tone-|span|healthy|degraded|unhealthy|unknown|neutral|good|bad)/
  expect([...styled].filter((name) => !used.has(name) && !optional.test(name))).toEqual([])
  const plain = [
    'what',
    'name',
    'summary',
    'happened',
    'event',
    'error',
    'firing',
    'details',
    'checks',
    'alerts',
    'warning',
    'pending',
  ]
  expect([...used].filter((name) => !styled.has(name) && !optional.test(name) && !plain.includes(name))).toEqual([])
})

test('an asset is named after its content, and may be kept for ever', () => {
  const first = addressAssets((file) => `one ${file}`)
  const second = addressAssets((file) => (file.endsWith('.css') ? 'other' : `one ${file}`))
  expect(first.assets.css).toMatch(/^\/assets\/midwatch-[0-9a-f]{10}\.css$/)
  expect(second.assets.css).not.toBe(first.assets.css)
  expect(second.assets.icon).toBe(first.assets.icon)
  expect(first.served.get(first.assets.icon)).toEqual({
    body: 'one midwatch.svg',
    contentType: 'image/svg+xml; charset=utf-8',
  })
  expect(assetHeaders['Cache-Control']).toContain('immutable')
})

test('a page is never stored, framed, sniffed, or allowed to run a script', () => {
  const policy = pageHeaders['Content-Security-Policy']
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/unsafe|https?:|\*|script-src|data:/)
  expect(pageHeaders['Cache-Control']).toBe('no-store')
  expect(pageHeaders['X-Content-Type-Options']).toBe('nosniff')
})

test('a component that waits is a mistake that shows at once', () => {
  const Late = async () => <p>late</p>
  expect(() => renderPage(<Late />)).toThrow(TypeError)
})
