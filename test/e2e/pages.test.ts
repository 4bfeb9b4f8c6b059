import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { AxeResults, RunOptions } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describePeer, freePort } from '../support/peers.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 900 }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** A text as somebody might write it who means harm, or just likes arrows. */
const ODD = '<b>odd</b> "name" & more'

const RULES = `
groups:
  - name: test
    rules:
      - alert: Down
        expr: probe_success == 0
        labels: { severity: high }
        annotations: { summary: '{{ $labels.check }} is down', runbook_url: docs/runbooks/check-down.md }
`

function configOf(shopPort: number, closedPort: number): string {
  return `
evaluation: { cron: "* * * * * *" }
rule_files: [rules.yml]
checks:
  - { name: shop, http: "http://127.0.0.1:${shopPort}/", every: 5s, timeout: 5s, critical: true, labels: { team: web } }
  - { name: erp, http: "http://127.0.0.1:${shopPort}/broken", every: 1s, category: integration, depends_on: [database] }
  - { name: database, tcp: "127.0.0.1:${closedPort}", every: 1s, category: database }
  - { name: nightly, heartbeat: { period: 1d, grace: 1h }, category: jobs, labels: { note: ${JSON.stringify(ODD)} } }
`
}

describePeer('chromium', (executablePath) => {
  let browser: Browser
  let midwatch: Midwatch
  const disposals = new AsyncDisposableStack()

  beforeAll(async () => {
    const folder = disposals.use(tempFolder())
    browser = await chromium.launch({ executablePath, args: FLAGS })
    disposals.defer(() => browser.close())
    const shop = createServer((request, response) => {
      response.statusCode = request.url === '/broken' ? 503 : 200
      response.end('{"status":"ok"}')
    }).listen(0, '127.0.0.1')
    disposals.defer(() => void shop.close())
    await once(shop, 'listening')
    const { port } = shop.address() as AddressInfo
    writeFileSync(join(folder.path, 'rules.yml'), RULES)
    const config = configOf(port, await freePort())
    midwatch = disposals.use(await Midwatch.start(folder.path, { config }))
    await midwatch.post('/api/v1/audit', [
      { trace_id: TRACE, event: 'order.paid', actor: 'shop', action: 'pay', resource: 'orders/7', outcome: 'failure' },
    ])
    await until(async () => {
      const { data } = await midwatch.get<{ data: { alerts: { state: string }[] } }>('/api/v1/alerts')
      const { checks } = await midwatch.get<{ checks: Record<string, { status: string }> }>('/health')
      return data.alerts.filter(({ state }) => state === 'firing').length >= 2 && checks.shop?.status === 'healthy'
    }, 'two alerts to fire, and the shop to be well')
  }, 180_000)

  afterAll(() => disposals.disposeAsync())

  for (const path of [
    '/',
    '/?status=unhealthy',
    '/checks/shop',
    '/checks/erp',
    '/checks/nightly',
    '/alerts',
    '/alerts/history',
    `/traces/${TRACE}`,
    '/docs/runbooks',
    '/docs/runbooks/check-down',
    '/nowhere',
  ]) {
    test(`${path} is accessible, fits and obeys its policy, light and dark, on a phone and a desk`, async () => {
      await using context = await open(browser)
      const { page, complaints } = await visit(context, `${midwatch.url}${path}`)
      const faults: string[] = []
      for (const [viewport, colorScheme] of [
        [desk, 'light'],
        [desk, 'dark'],
        [phone, 'light'],
        [phone, 'dark'],
      ] as const) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ colorScheme })
        const where = `${colorScheme} at ${viewport.width} px`
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (overflow > 0) faults.push(`${where}: ${overflow} px too wide`)
        for (const violation of await findViolations(page)) faults.push(`${where}: ${violation}`)
      }
      expect([...faults, ...complaints]).toEqual([])
    }, 120_000)
  }

  test('somebody who was woken finds what broke, why, and what to do', async () => {
    await using context = await open(browser)
    const { page } = await visit(context, midwatch.url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      '2 of 12 checks are unhealthy: database and erp',
    )
    const attention = page.getByRole('region', { name: 'Needs attention' })
    expect(await attention.textContent()).toContain('status 503, expected 2xx')
    const alerts = page.getByRole('region', { name: /^Alerts/ })
    expect(await alerts.textContent()).toContain('held back: it depends on database, which is down')
    await attention.getByRole('link', { name: 'erp' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('erp')
    expect(await page.getByRole('table').first().textContent()).toContain('processing')
    await page.getByRole('link', { name: 'Runbook of Down' }).click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('A check is down')
  })

  test('an alert tells its story, and who would be told', async () => {
    await using context = await open(browser)
    const { page, complaints } = await visit(context, `${midwatch.url}/alerts`)
    await page.getByRole('link', { name: 'Down', exact: true }).first().click()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Down')
    const told = page.getByRole('region', { name: 'Who is told' })
    expect(await told.textContent()).toContain('this receiver has no channel')
    const happened = page.getByRole('region', { name: 'What happened' })
    expect(await happened.textContent()).toMatch(/firing.*the expression has held/)
    const axe = await findViolations(page)
    await page.getByRole('link', { name: 'All alerts' }).click()
    await page.getByRole('link', { name: 'History' }).click()
    expect(await page.getByRole('region', { name: /^Fired/ }).textContent()).toContain('still fires')
    expect([...axe, ...complaints]).toEqual([])
  })

  test('what a page offers for a shell gives the same as JSON', async () => {
    await using context = await open(browser)
    const { page } = await visit(context, `${midwatch.url}/checks/nightly`)
    const command = await page.locator('pre.command').textContent()
    const url = /'(http[^']+)'/.exec(command ?? '')?.[1] ?? ''
    expect(await (await fetch(url)).json()).toMatchObject({
      name: 'nightly',
      kind: 'heartbeat',
      status: 'unknown',
      labels: { note: ODD },
    })
  })

  test('with a token in force a reader signs in, comes to the page that was asked for, and signs out', async () => {
    await using stack = new AsyncDisposableStack()
    const folder = stack.use(tempFolder())
    const token = 'mw_test_0123456789abcdef0123456789'
    const guarded = stack.use(
      await Midwatch.start(folder.path, {
        config: `
server: { external_url: "http://watch.example.org", tokens: [{ name: wall, token: ${token}, scopes: [read] }] }
`,
      }),
    )
    const context = stack.use(await open(browser))
    const { page, complaints } = await visit(context, `${guarded.url}/?status=healthy`)
    expect(new URL(page.url()).pathname).toBe('/login')
    expect(await findViolations(page)).toEqual([])
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('not known')
    expect(await findViolations(page)).toEqual([])
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(page.url()).toBe(`${guarded.url}/?status=healthy`)
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ name: 'midwatch_session', httpOnly: true, sameSite: 'Lax', path: '/' })
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(await context.cookies()).toEqual([])
    // The 401 of the wrong token shows in the console as a failed load, and nothing else does.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  }, 120_000)
})

async function open(browser: Browser): Promise<BrowserContext & AsyncDisposable> {
  return (await browser.newContext({ viewport: desk, reducedMotion: 'reduce' })) as BrowserContext & AsyncDisposable
}

async function visit(context: BrowserContext, url: string): Promise<{ page: Page; complaints: readonly string[] }> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    // Chromium reports the status of the page itself as a failed load.
    const isOwnStatus = message.location().url === url && message.text().includes('status of')
    if ((message.type() === 'error' || message.type() === 'warning') && !isOwnStatus) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
  await page.goto(url)
  return { page, complaints }
}

async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => {
    const { axe } = window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }
    return axe.run({ resultTypes: ['violations'] })
  })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
