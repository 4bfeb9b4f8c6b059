import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { writeRunFile } from '../../src/app/run-file.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { listen } from '../../src/web/server.ts'
import { type Alerting, alertingWeb, SHOP_DOWN } from '../support/alerting.ts'
import { midwatch } from '../support/cli.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { blocksOf } from '../support/markdown.ts'

const M = 60_000

beforeEach(() => {
  // Repetitions of tries come at the middle of their time.
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Runs a command against it, at its time. */
async function ask(it: Alerting, ...args: readonly string[]) {
  const listening = await listen(it.web.web, '127.0.0.1', 0)
  const run = { url: listening.url, pid: process.pid, token: it.web.context.localToken }
  const removeRunFile = writeRunFile(it.web.dataDir, run)
  vi.useFakeTimers({ toFake: ['Date'], now: it.web.clock.now() })
  const answer = await midwatch(['alerts', ...args, '--data', it.web.dataDir])
  vi.useRealTimers()
  removeRunFile()
  await listening.close()
  return answer
}

/** The shop of the how-to page: down since 02:58:05, of which slack is told, and the mail server takes nothing. */
async function shopOfThePage(): Promise<Alerting> {
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 2, 57, 50))
  const it = await alertingWeb({
    clock,
    config: 'server: { external_url: "https://watch.example.org" }',
    rule: {
      ...SHOP_DOWN,
      forMs: 2 * M,
      labels: { severity: 'high' },
      annotations: { summary: '{{ $labels.check }} is down', runbook_url: 'docs/runbooks/check-down.md' },
    },
    routes: {
      receiver: 'team',
      groupBy: ['alertname'],
      groupWaitMs: 10_000,
      groupIntervalMs: M,
      repeatIntervalMs: 240 * M,
      routes: [{ receiver: 'high', matchers: [createMatcher('severity', '=', 'high')] }],
    },
    channels: ['slack', 'email'],
  })
  it.failing = { email: 'mail server mail.example.org:587: connection refused' }
  it.found = { shop: 2.5 }
  await it.advance(15)
  it.found = { shop: 0.75 }
  await it.advance(14 * 60)
  it.found = { shop: 0.75, stock: 0.9 }
  await it.advance(45)
  return it
}

/** What a page shows of a command. */
function shown(command: string): string {
  const blocks = blocksOf('docs/how-to/explain-an-alert.md').map(({ text }) => text)
  const block = blocks.find((text) => text.startsWith(`$ ${command}\n`)) ?? ''
  return `${block.slice(block.indexOf('\n') + 1).trimEnd()}\n`
}

/** How long a try took, and the id of a silence, are other ones each time. */
function settled(text: string): string {
  return text.replace(/in \d+ ms/g, 'in 240 ms').replace(/\([0-9a-f]{8}-[0-9a-f-]+\)/g, '(6f1d…)')
}

describe('the how-to page about alerts', () => {
  test('shows what the command explains', async () => {
    await using it = await shopOfThePage()
    const { out, err, code } = await ask(it, 'explain', 'alertname=ShopDown', 'check=shop')
    expect({ err, code }).toEqual({ err: '', code: 0 })
    expect(settled(out)).toBe(shown('midwatch alerts explain alertname=ShopDown check=shop'))
  })

  test('shows what the command lists', async () => {
    await using it = await shopOfThePage()
    const nowMs = it.web.clock.now()
    const matchers = [createMatcher('check', '=', 'shop')]
    const time = { startsAtMs: nowMs, endsAtMs: Date.UTC(2026, 0, 2, 4) }
    it.silences.set({ matchers, ...time, createdBy: 'anna', comment: 'moving the till' }, nowMs)
    const { out } = await ask(it)
    expect(settled(out)).toBe(shown('midwatch alerts'))
  })
})

describe('alerts', () => {
  test('are listed by their labels, and as JSON', async () => {
    await using it = await shopOfThePage()
    expect((await ask(it, 'list', 'check=~sto.*')).out).toMatch(
      /^[0-9a-f]{16} {2}pending {2}for 30 s {2}high {2}ShopDown {2}check=stock\n$/,
    )
    expect(JSON.parse((await ask(it, 'list', '--json')).out)).toHaveLength(2)
    expect(await ask(it, 'list', 'check=none')).toMatchObject({
      out: 'Nothing fires, and nothing is about to.\n',
      code: 0,
    })
  })

  test.each([
    [['list', 'shop'], '"shop" is no matcher; write name=value, such as severity=critical\n'],
    [['explain', 'check=~('], /is not a pattern|is no pattern|missing/],
    [['history', '--from', 'soon'], /^--from is not a time/],
    [['history', '--page', '0'], '--page is not a whole number from 1 to 100000\n'],
  ])('that are asked for wrongly say so: %s', async (args, err) => {
    await using it = await alertingWeb()
    const answer = await ask(it, ...args)
    expect(answer.code).toBe(2)
    if (typeof err === 'string') expect(answer.err).toBe(err)
    else expect(answer.err).toMatch(err)
  })
})

describe('an explanation', () => {
  test('of labels that several alerts have names them all', async () => {
    await using it = await shopOfThePage()
    const { err, code } = await ask(it, 'explain', 'alertname=ShopDown')
    expect(code).toBe(1)
    expect(err).toMatch(
      /^several alerts have these labels; name one by its fingerprint:\n[0-9a-f]{16} .*check=\w+\n[0-9a-f]{16} .*check=\w+\n$/,
    )
  })

  test('of labels that no alert has says so', async () => {
    await using it = await alertingWeb()
    const err = 'no alert of these labels fires or fired: check="moon"\n'
    expect(await ask(it, 'explain', 'check=moon')).toMatchObject({ err, code: 1 })
    expect(await ask(it, 'explain', '0123456789abcdef')).toMatchObject({
      err: 'nothing is known of an alert 0123456789abcdef\n',
      code: 1,
    })
  })

  test('is given when the alert is over, and when midwatch is stopped', async () => {
    await using it = await shopOfThePage()
    it.found = {}
    await it.advance(20 * 60)
    const { out } = await ask(it, 'explain', 'check=shop')
    expect(out).toContain('state    over since 2026-01-02 03:13:05 UTC (19 min), it fired from 2026-01-02 03:00:05 UTC')
    expect(out).toContain('slack: nothing next: it does not fire')
    await it.web.store.close()
    const offline = await midwatch(['alerts', 'explain', 'check=shop', '--data', it.web.dataDir])
    expect(offline).toMatchObject({ err: '', code: 0 })
    expect(offline.out).toContain('midwatch does not run')
    expect(offline.out).toMatch(/03:00:15 {2}delivered +by slack/)
    const history = await midwatch(['alerts', 'history', '--data', it.web.dataDir])
    expect(history.out).toMatch(
      /^2026-01-02 03:00:05 UTC {2}for 13 min {2}high {2}ShopDown {2}worst 2\.5 \(> 0\.5\) {2}[0-9a-f]{16} {2}check=shop\n$/,
    )
  })

  test('lets nothing that strangers wrote move the cursor', async () => {
    await using it = await alertingWeb()
    it.found = { 'a\u001b[2Jb\nc': 9 }
    await it.advance(30)
    const [{ fingerprint }] = (await it.web.get('/api/v1/alerts/current')).json.items
    const { out } = await ask(it, 'explain', fingerprint)
    expect(out).toContain('\\u001b[2J')
    expect(out).not.toContain('\u001b')
  })
})
