import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describePeer } from '../../support/peers.ts'
import { paths, type Site, serveSite } from './site.tsx'

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

// Contrast depends on the colours and structure on the width: at hand, two combinations see both of each; CI takes all four.
const combinations = [
  [desk, 'light'],
  [phone, 'dark'],
  ...(process.env.CI === 'true'
    ? ([
        [desk, 'dark'],
        [phone, 'light'],
      ] as const)
    : []),
] as const

describePeer('chromium', (executablePath) => {
  let browser: Browser
  let site: Site

  beforeAll(async () => {
    ;[browser, site] = await Promise.all([chromium.launch({ executablePath, args: FLAGS }), serveSite()])
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await site?.[Symbol.asyncDispose]()
  })

  for (const path of paths) {
    test(`${path} is accessible, fits and obeys its policy, light and dark, on a phone and a desk`, async () => {
      await using context = await open({ viewport: desk })
      const { page, complaints } = await visit(context, path)
      const faults: string[] = []
      for (const [viewport, colorScheme] of combinations) {
        await page.setViewportSize(viewport)
        await page.emulateMedia({ colorScheme })
        const where = `${colorScheme} at ${viewport.width} px`
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (overflow > 0) faults.push(`${where}: ${overflow} px too wide`)
        if (process.env.MIDWATCH_SCREENSHOTS !== undefined) await shoot(page, path, colorScheme, viewport.width)
        for (const violation of await findViolations(page)) faults.push(`${where}: ${violation}`)
      }
      expect([...faults, ...complaints]).toEqual([])
    }, 120_000)
  }

  test('everything is there with scripts switched off, and shows its style and icon', async () => {
    await using context = await open({ viewport: desk, javaScriptEnabled: false })
    const { page, complaints } = await visit(context, '/')
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      '2 of 12 checks are unhealthy: database and shop',
    )
    const masthead = page.getByRole('banner')
    expect(await masthead.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe('rgb(20, 35, 58)')
    const icon = masthead.locator('img')
    expect(await icon.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  })

  test('the tab key begins at the skip link and reaches every check', async () => {
    await using context = await open({ viewport: desk })
    const { page } = await visit(context, '/')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('What to do')
    const reached: string[] = []
    // After the last link the focus leaves the page, and begins again at its top.
    while (reached.at(-1) !== 'Skip to the content' && reached.length < 200) {
      await page.keyboard.press('Tab')
      reached.push(await focused(page))
    }
    for (const name of ['database', 'shop', 'erp', 'branch-office', 'checkout', 'nightly-backup', 'mail']) {
      expect(reached).toContain(name)
    }
  })

  test('a status narrows the list to its checks, and the field finds by part of a name', async () => {
    await using context = await open({ viewport: desk, javaScriptEnabled: false })
    const { page } = await visit(context, '/')
    const shown = () => page.locator('.check .name').allTextContents()
    expect(await shown()).toHaveLength(12)
    await page.getByRole('link', { name: 'Degraded 1' }).click()
    expect(await shown()).toEqual(['erp'])
    await page.getByRole('link', { name: 'All 12' }).click()
    await page.getByRole('searchbox', { name: 'Find' }).fill('DATA')
    await page.getByRole('button', { name: 'Show' }).click()
    expect(await shown()).toEqual(['database', 'cache', 'reports'])
    expect(await page.getByRole('searchbox').inputValue()).toBe('DATA')
  })

  test('the sign-in form posts with its origin, which is what guards it', async () => {
    await using context = await open({ viewport: desk })
    const { page } = await visit(context, '/login')
    await page.getByLabel('Token').fill('mw_read_0123456789')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${site.origin}/`)
    expect(site.postedFrom.at(-1)).toBe(site.origin)
  })

  async function open(
    options: NonNullable<Parameters<Browser['newContext']>[0]>,
  ): Promise<BrowserContext & AsyncDisposable> {
    return (await browser.newContext({ ...options, reducedMotion: 'reduce' })) as BrowserContext & AsyncDisposable
  }

  async function visit(context: BrowserContext, path: string): Promise<{ page: Page; complaints: readonly string[] }> {
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      // Chromium reports the status of the page itself as a failed load.
      const isOwnStatus = message.location().url === `${site.origin}${path}` && message.text().includes('status of')
      if ((message.type() === 'error' || message.type() === 'warning') && !isOwnStatus) complaints.push(message.text())
    })
    page.on('dialog', (dialog) => {
      complaints.push(`a script ran: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
    await page.goto(`${site.origin}${path}`)
    return { page, complaints }
  }
})

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

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
}

/** For a look with one's own eyes: `MIDWATCH_SCREENSHOTS=/tmp/pages npx vitest run test/web/page/browser.test.ts`. */
async function shoot(page: Page, path: string, scheme: string, width: number): Promise<void> {
  const name = path === '/' ? 'overview' : path.replace(/[^a-z0-9]+/gi, '-').replace(/^-/, '')
  await page.screenshot({ path: `${process.env.MIDWATCH_SCREENSHOTS}/${name}-${scheme}-${width}.png`, fullPage: true })
}
