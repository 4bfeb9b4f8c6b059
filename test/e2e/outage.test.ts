import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describePeers, freePort } from '../support/peers.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'
import { startNginx } from './nginx.ts'
import { mailReceiver, slackReceiver } from './receivers.ts'

const FOR_MS = 2000
const EVALUATION_MS = 1000
/** For a machine on which others keep the processors busy; less than the ten seconds that a group waits by default. */
const GRACE_MS = 7000

interface Health {
  status: string
  checks: Record<string, { status: string; message?: string; phase?: string }>
}

/** One critical HTTP check, a rule that fires after two seconds, both channels, everything at once per second. */
function setUp(folder: string, nginxPort: number, slackUrl: string, smtpUrl: string): string {
  mkdirSync(join(folder, 'rules'))
  writeFileSync(
    join(folder, 'rules', 'shop.yml'),
    `groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: probe_success{check="shop"} == 0
        for: 2s
        labels: { severity: critical }
        annotations:
          summary: '{{ $labels.check }} is down'
          description: 'probe_success is {{ $value }}'
          runbook_url: docs/runbooks/check-down.md
`,
  )
  return `
evaluation: { cron: "* * * * * *" }
shipped_rules: false
rule_files: [rules/*.yml]
checks:
  - { name: shop, http: "http://127.0.0.1:${nginxPort}/", every: 1s, timeout: 900ms, critical: true, expect: { json: { status: ok } } }
notify:
  slack: ${slackUrl}
  email: { to: oncall@example.org, from: midwatch@example.org, smtp: "${smtpUrl}" }
  group_wait: 1ms
  group_interval: 1s
  repeat: 1h
`
}

describePeers(['nginx'], ({ nginx: program }) => {
  test('a stopped nginx is told in both channels with reason, since when and runbook, and its return as resolved', async () => {
    using folder = tempFolder()
    const port = await freePort()
    await using slack = await slackReceiver()
    await using mail = await mailReceiver()
    const first = await startNginx(program, folder.path, port)
    await using midwatch = await Midwatch.start(folder.path, { config: setUp(folder.path, port, slack.url, mail.url) })
    await until(
      async () => (await midwatch.get<Health>('/health')).checks.shop?.status === 'healthy',
      'the shop to be healthy',
    )

    await first[Symbol.asyncDispose]()
    const stoppedMs = Date.now()
    await until(() => slack.messages.length > 0 && mail.mails.length > 0, 'the alert in both channels')
    // The next look at the check, the waiting time, one evaluation, and the delivery.
    const limitMs = 1000 + FOR_MS + EVALUATION_MS + GRACE_MS
    expect(slack.messages[0]?.atMs as number).toBeLessThan(stoppedMs + limitMs)
    expect(mail.mails[0]?.atMs as number).toBeLessThan(stoppedMs + limitMs)
    for (const text of [slack.messages[0]?.text, mail.mails[0]?.text]) {
      expect(text).toContain('ShopDown')
      expect(text).toContain('shop is down')
      expect(text).toMatch(/connect: .*refused|connect: .*listens/i)
      expect(text).toMatch(/Since \d\d:\d\d:\d\d UTC/)
      expect(text).toContain('/docs/runbooks/check-down')
    }
    const response = await fetch(`${midwatch.url}/health`)
    expect(response.status).toBe(503)
    expect((await response.json()) as Health).toMatchObject({
      status: 'unhealthy',
      checks: { shop: { phase: 'connect' } },
    })

    await using _second = await startNginx(program, folder.path, port)
    await until(() => slack.messages.length > 1 && mail.mails.length > 1, 'the resolve in both channels')
    expect(slack.messages[1]?.text).toContain('[RESOLVED]')
    expect(mail.mails[1]?.subject).toContain('[RESOLVED]')
    await until(async () => (await fetch(`${midwatch.url}/health`)).status === 200, '/health to be fine again')
    expect(slack.messages).toHaveLength(2)
    expect(mail.mails).toHaveLength(2)
  }, 300_000)

  test('a kill -9 in the middle of an outage neither loses the resolve nor repeats the alert', async () => {
    using folder = tempFolder()
    const port = await freePort()
    await using slack = await slackReceiver()
    await using mail = await mailReceiver()
    const first = await startNginx(program, folder.path, port)
    const config = setUp(folder.path, port, slack.url, mail.url)
    await using before = await Midwatch.start(folder.path, { config })
    await until(
      async () => (await before.get<Health>('/health')).checks.shop?.status === 'healthy',
      'the shop to be healthy',
    )
    await first[Symbol.asyncDispose]()
    // A crash between the receiver's answer and writing it down would repeat the message: at least once is the promise.
    await until(
      () => before.lines.filter((line) => line.includes('"notification.delivered"')).length >= 2,
      'both deliveries to be written down',
    )
    await before.kill()

    await using after = await Midwatch.start(folder.path)
    // Three evaluations of the new process: long enough for a repetition to show.
    await until(
      async () => (await after.get<Health>('/health')).checks.shop?.status === 'unhealthy',
      'the shop to be seen down',
    )
    await until(async () => {
      const health = await after.get<{ checks: Record<string, { details: Record<string, unknown> }> }>('/health')
      return health.checks['midwatch-scheduler']?.details.last_evaluation_seconds_ago !== undefined
    }, 'the first evaluations')
    expect(slack.messages).toHaveLength(1)
    expect(mail.mails).toHaveLength(1)

    await using _second = await startNginx(program, folder.path, port)
    await until(() => slack.messages.length > 1 && mail.mails.length > 1, 'the resolve in both channels')
    expect(slack.messages.map(({ text }) => /\[(FIRING|RESOLVED)/.exec(text)?.[1])).toEqual(['FIRING', 'RESOLVED'])
    expect(mail.mails.map(({ subject }) => /\[(FIRING|RESOLVED)/.exec(subject ?? '')?.[1])).toEqual([
      'FIRING',
      'RESOLVED',
    ])
  }, 300_000)
})
