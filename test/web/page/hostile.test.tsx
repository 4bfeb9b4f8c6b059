import { expect, test } from 'vitest'
import { AckPage } from '../../../src/web/page/acknowledge.tsx'
import { AlertPage } from '../../../src/web/page/alert.tsx'
import { AlertsPage, HistoryPage } from '../../../src/web/page/alerts-page.tsx'
import { CheckPage } from '../../../src/web/page/check.tsx'
import { FailurePage } from '../../../src/web/page/failure.tsx'
import { renderPage } from '../../../src/web/page/layout.tsx'
import { LoginPage } from '../../../src/web/page/login.tsx'
import { OverviewPage } from '../../../src/web/page/overview.tsx'
import { RunbookPage } from '../../../src/web/page/runbook.tsx'
import { SlosPage } from '../../../src/web/page/slos.tsx'
import { clip } from '../../../src/web/page/text.tsx'
import { TracePage } from '../../../src/web/page/trace.tsx'
import * as alertViews from './alert-views.ts'
import * as views from './views.ts'

const { page } = views

/** A copy in which every text is `text`: whatever field a page may forget to escape, it is in there. */
function poison<T>(value: T, text: string): T {
  if (typeof value === 'string') return text as T
  if (Array.isArray(value)) return value.map((item) => poison(item, text)) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poison(item, text)])) as T
}

/** Words that a program chooses, not a person, stay. */
function poisonChecks<T extends { status: unknown; reason: unknown; history: unknown }>(check: T, text: string): T {
  const { status, reason, history } = check
  return { ...poison(check, text), status, reason, history }
}

function everyPage(text: string): Record<string, string> {
  const { badNight, shopView, traceView } = views
  const alerts = badNight.alerts.map((one) => ({ ...poison(one, text), state: one.state, labels: { [text]: text } }))
  const overview = {
    ...badNight,
    checks: badNight.checks.map((one) => poisonChecks(one, text)),
    filter: { status: undefined, text },
    alerts,
    problems: badNight.problems.map((one) => ({ ...poison(one, text), severity: one.severity })),
  }
  const check = {
    ...poisonChecks(shopView, text),
    alerts,
    labels: { [text]: text },
    details: { [text]: text },
    events: shopView.events.map((one) => ({ ...one, message: text })),
  }
  const trace = {
    ...traceView,
    traceId: text,
    jsonUrl: `http://127.0.0.1:8420/${text}`,
    entries: traceView.entries.map((one) => ({
      ...poison(one, text),
      kind: one.kind,
      attributes: { [text]: { [text]: text }, list: [text, text] },
    })),
  }
  const ack = {
    ...poison(views.ackView, text),
    action: views.ackView.action,
    alerts: views.ackView.alerts.map((one) => ({
      ...poison(one, text),
      acknowledged: { by: text, reason: text, untilMs: 0 },
    })),
  }
  const { alertPage, historyPage, storyWith } = alertViews
  const story = storyWith(text)
  const filter = { ...historyPage.filter, alertname: text, severity: text, fingerprint: text }
  const listed = { alerts, jsonUrl: text, needsToken: true }
  const history = { ...historyPage, episodes: story.episodes, filter, jsonUrl: text }
  return {
    alerts: renderPage(<AlertsPage page={page} view={listed} />),
    alert: renderPage(<AlertPage page={page} view={{ ...alertPage, story, jsonUrl: text }} />),
    history: renderPage(<HistoryPage page={page} view={history} />),
    overview: renderPage(<OverviewPage page={page} view={overview} />),
    check: renderPage(<CheckPage page={page} view={check} />),
    trace: renderPage(<TracePage page={page} view={trace} />),
    slos: renderPage(
      <SlosPage
        page={page}
        view={{
          ...views.slosView,
          slos: views.slosView.slos.map((one) => ({ ...one, id: text, description: text, window: text })),
        }}
      />,
    ),
    login: renderPage(<LoginPage page={page} view={{ next: text, problem: text }} />),
    ack: renderPage(<AckPage page={page} view={ack} />),
    failure: renderPage(
      <FailurePage page={{ ...page, path: text }} view={{ status: 401, detail: text, traceId: text }} />,
    ),
    runbook: renderPage(
      <RunbookPage page={page} view={{ name: text, markdown: `# ${text}\n\n${text}\n\n| ${text} |\n|---|\n` }} />,
    ),
  }
}

function hrefsOf(html: string): string[] {
  return [...html.matchAll(/ href="([^"]*)"/g)].map(([, href]) => href as string)
}

/** Tag names, attribute names and whether it is written well: all that an inert text must not change. */
function skeleton(html: string): string {
  return [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/="[^"]*"/g, '=')).join('')
}

const harmless = everyPage('x')

test.each([
  ['an image with a handler', '<img src=x onerror=alert(1)>'],
  ['the end of an attribute and a script', '"><script>alert(1)</script>'],
  ['a single quote and a handler', "' onmouseover='alert(1)"],
  ['the end of a title', '</title></textarea></style><svg onload=alert(1)>'],
  ['a template', '{{x}} ${x} {%raw%}'],
  ['an entity', '&lt;script&gt; &quot; &#x27;'],
  ['a comment', '<!-- x --!> <![CDATA[ x ]]>'],
])('%s changes no tag and no attribute of any page', (_, text) => {
  for (const [name, html] of Object.entries(everyPage(text))) {
    if (name === 'runbook') continue
    expect(html).not.toContain(text.includes('<') ? text : '<img src=x')
    // Whether a text is a link, empty or found by the filter depends on it; so the frame is compared, and what is foreign.
    const foreign = /<(?:img src=x|script|textarea|style)|\son[a-z]+=|\sstyle=/i
    expect(skeleton(html)).not.toMatch(foreign)
    if (name !== 'overview') expect(skeleton(html)).toBe(skeleton(harmless[name] as string))
  }
})

test('no page has an inline style, a script, a handler or an address elsewhere', () => {
  for (const html of Object.values(harmless)) {
    expect(html).toMatch(/^<!doctype html><html lang="en">/)
    expect(html).not.toMatch(/<(?:script|style|iframe|object|embed)|\sstyle=|\son[a-z]+=|@import/i)
    expect(html).not.toMatch(/(?:src|action)="(?!\/)/)
    expect(html).not.toMatch(/\[object /)
  }
})

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:x',
  'data:text/html,x',
  '//evil.example.org',
  '/\\evil.example.org',
  '/\t/evil.example.org',
  'https://user@evil.example.org/',
  'vbscript:x',
])('a runbook at %j is text and no link', (url) => {
  const alerts = [views.alert('A', { runbookUrl: url })]
  const html = renderPage(<CheckPage page={page} view={{ ...views.shopView, runbookUrl: url, alerts }} />)
  const known = /^(?:#content|\/|\/assets\/.*|\/docs\/runbooks|\/alerts(?:\/[0-9a-f]+)?|\/checks\/(?:database|cache))$/
  expect(hrefsOf(html).filter((href) => !known.test(href))).toEqual([])
  expect(html.split(`<bdi>${clip(url)}</bdi>`)).toHaveLength(3)
})

test('a runbook may be at an http address, a path of ours, or shipped', () => {
  const hrefs = (runbookUrl: string) => {
    const html = renderPage(<CheckPage page={page} view={{ ...views.shopView, runbookUrl, alerts: [] }} />)
    return [...html.matchAll(/<a href="([^"]*)"([^>]*)>Runbook<\/a>/g)].map(([, href, rest]) => `${href}${rest}`)
  }
  expect(hrefs('https://wiki.example.org/a?b=1&c="2"')).toEqual([
    'https://wiki.example.org/a?b=1&amp;c=%222%22 rel="noreferrer"',
  ])
  expect(hrefs('/docs/runbooks/check-down')).toEqual(['/docs/runbooks/check-down'])
  expect(hrefs('docs/runbooks/check-down.md')).toEqual(['/docs/runbooks/check-down'])
})

test('a sign-in leads to a path of ours only', () => {
  const next = (text: string) =>
    /name="next" value="([^"]*)"/.exec(
      renderPage(<LoginPage page={page} view={{ next: text, problem: undefined }} />),
    )?.[1]
  expect(next('/checks/shop?x=1#y')).toBe('/checks/shop?x=1#y')
  for (const text of ['https://evil.example.org', '//evil.example.org', '/\\evil.example.org', 'javascript:x', '']) {
    expect(next(text)).toBe('/')
  }
})

test('a label or message of a megabyte is cut, and the page says by how much', () => {
  const long = 'a'.repeat(1024 * 1024)
  const alerts = [views.alert(long, { labels: { [long]: long }, summary: long, description: long, severity: long })]
  const checks = [views.check('shop', { status: 'unhealthy', message: long, phase: long, target: long })]
  const attributes = { [long]: long, list: [long, long] }
  const view = { ...views.shopView, labels: { [long]: long }, details: { [long]: long }, alerts, message: long }
  for (const html of [
    renderPage(<OverviewPage page={page} view={views.overview(checks, { alerts })} />),
    renderPage(<CheckPage page={page} view={view} />),
    renderPage(<TracePage page={page} view={{ ...views.traceView, entries: [views.entry(long, { attributes })] }} />),
  ]) {
    expect(html.length).toBeLessThan(70_000)
    expect(html.includes('a'.repeat(5000))).toBe(false)
    expect(html.match(/… \(1,04\d,\d{3} more characters\)/)).not.toBeNull()
  }
})

test('text from right to left stays in its own element, and turns no label around', () => {
  const text = 'a\u202egnp.exe\u2066'
  const { check } = everyPage(text)
  const outside = (check as string).replace(/<bdi>[^<]*<\/bdi>|<code>[^<]*<\/code>/g, '')
  expect(outside.match(/.{0,60}\u202e/g)).toBeNull()
  expect(/<title>([^<]*)<\/title>/.exec(check as string)?.[1]).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
})

test('control characters and halves of surrogate pairs become a sign that shows', () => {
  const { trace, overview } = everyPage('a\u0000b\u001bc\ud800d')
  for (const html of [trace, overview]) {
    expect((html as string).match(/.{0,60}[\x00-\x08\x0b\x0c\x0e-\x1f]/g)).toBeNull()
    expect(html).toContain('a\ufffdb\ufffdc\ufffdd')
    expect((html as string).isWellFormed()).toBe(true)
  }
})

test('raw HTML in Markdown is shown and not used', () => {
  const markdown =
    '# T\n\n<img src=x onerror=alert(1)>\n\na <b onclick="x">b</b> [x](javascript:alert(1)) ![y](https://evil.example.org/a.png)\n'
  const html = renderPage(<RunbookPage page={page} view={{ name: 'x', markdown }} />)
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
  expect(html).toContain('&lt;b onclick=&quot;x&quot;&gt;')
  expect(html).not.toMatch(/href="javascript|<img src=x|evil/)
})
