import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Notification, NotifiedAlert } from '../../../src/model/notification.ts'
import { email } from '../../../src/notify/channel/email.ts'
import { pagerduty } from '../../../src/notify/channel/pagerduty.ts'
import { slack } from '../../../src/notify/channel/slack.ts'
import { sms } from '../../../src/notify/channel/sms.ts'
import { webhook } from '../../../src/notify/channel/webhook.ts'
import { fakeMail, fakeWeb } from './fakes.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

const LINK = 'https://watch.example.org/ack/one'
const ALL = 'https://watch.example.org/ack/all'
const ID = 'f'.repeat(16)

const open = (ackUrl = LINK, overrides: Partial<NotifiedAlert> = {}) => alert({ ackUrl, ...overrides })
const takenOn = alert({
  fingerprint: 'e'.repeat(16),
  acknowledged: { by: 'Maya <b>', reason: 'on it & more', untilMs: NOW + 3_600_000 },
})

interface SlackBody {
  readonly attachments: readonly { readonly blocks: readonly { readonly text: { readonly text: string } }[] }[]
}

/** What each channel says of a notification. */
async function saidBy(sent: Notification) {
  await using web = await fakeWeb((response, { path }) => {
    if (path === '/slack') response.end('ok')
    else response.writeHead(path === '/pager' ? 202 : 201).end('{"status":"success"}')
  })
  await using mail = await fakeMail()
  const { port } = web.server
  const at = (path: string) => `http://127.0.0.1:${port}${path}`
  await slack.send(slack.config.parse(at('/slack')), sent, sendContext())
  const smtp = `smtp://127.0.0.1:${mail.port}`
  await email.send(email.config.parse({ to: 'a@example.org', from: 'b@example.org', smtp }), sent, sendContext())
  const twilio = { to: '+15005550001', from: 'midwatch', account: `AC${'0'.repeat(32)}`, token: 'x', url: at('') }
  await sms.send(sms.config.parse(twilio), sent, sendContext())
  await pagerduty.send(pagerduty.config.parse({ routing_key: 'k'.repeat(32), url: at('/pager') }), sent, sendContext())
  await webhook.send(webhook.config.parse(at('/hook')), sent, sendContext())
  const bodies = web.taken.map(({ body }) => body)
  const blocks = (JSON.parse(bodies[0] ?? '') as SlackBody).attachments.flatMap((one) => one.blocks)
  return {
    slack: blocks.map(({ text }) => text.text).join('\n'),
    text: mail.mails[0]?.text ?? '',
    html: String(mail.mails[0]?.html),
    sms: new URLSearchParams(bodies[1]).get('Body') ?? '',
    pagerduty: JSON.parse(bodies[2] ?? '') as { dedup_key: string; links?: { href: string; text: string }[] },
    webhook: bodies[3] ?? '',
  }
}

test('a message says how to take its alert on, in every channel that people read', async () => {
  const said = await saidBy(notification([open()]))
  expect(said.slack).toContain(`<${LINK}|Acknowledge>`)
  expect(said.text).toContain(`Acknowledge: ${LINK}\nor: midwatch ack ${ID}`)
  expect(said.html).toContain(`<a href="${LINK}">Acknowledge</a>`)
  expect(said.sms).toMatch(new RegExp(`\n${LINK}$`))
  expect(said.pagerduty.links).toContainEqual({ href: LINK, text: 'Acknowledge: The shop is down' })
  for (const text of [said.slack, said.text, said.html, said.sms]) expect(text).not.toContain('all of them')
})

test('of several alerts each has its link, and there is one for all of them', async () => {
  const alerts = [open(), open(`${LINK}2`, { fingerprint: 'd'.repeat(16) }), takenOn]
  const said = await saidBy({ ...notification(alerts), ackUrl: ALL })
  expect(said.slack).toContain(`<${LINK}2|Acknowledge>`)
  expect(said.slack).toContain(`<${ALL}|Acknowledge all of them>`)
  expect(said.text).toContain(`Acknowledge all of them: ${ALL}`)
  expect(said.html).toContain(`<a href="${ALL}">Acknowledge all of them</a>`)
  expect(said.sms).toMatch(new RegExp(`\n${ALL}$`))
  expect(said.pagerduty.links?.[0]).toEqual({ href: ALL, text: 'Acknowledge all of them' })
})

test('who has taken an alert on stands with it, as text', async () => {
  const said = await saidBy(notification([takenOn]))
  const plain = 'Acknowledged by Maya <b> until 04:04:05 UTC: on it & more'
  const escaped = 'Acknowledged by Maya &lt;b&gt; until 04:04:05 UTC: on it &amp; more'
  expect(said.text).toContain(plain)
  expect(said.html).toContain(escaped)
  expect(said.slack).toContain(escaped)
  for (const text of [said.slack, said.text, said.html, said.sms]) expect(text).not.toContain('/ack/')
})

test('where only this machine can open the link, the command stands in its place', async () => {
  const said = await saidBy(notification([open('http://127.0.0.1:8420/ack/one')]))
  expect(said.slack).toContain(`Acknowledge: \`midwatch ack ${ID}\``)
  expect(said.text).toContain(`Acknowledge: midwatch ack ${ID}`)
  expect(said.html).toContain(`Acknowledge: <code>midwatch ack ${ID}</code>`)
  expect(said.sms).toMatch(new RegExp(`\nmidwatch ack ${ID}$`))
  for (const text of [said.slack, said.text, said.html, said.sms, JSON.stringify(said.pagerduty)]) {
    expect(text).not.toContain('/ack/')
  }
})

test('a step of an escalation says first why it is told, and is an incident of its own', async () => {
  const escalation = { step: 2, afterMs: 30 * 60_000 }
  const said = await saidBy({ ...notification([open()]), escalation })
  for (const text of [said.slack, said.text, said.html, said.sms]) {
    expect(text).toContain('Nobody has acknowledged it for 30 min')
  }
  const key = createHash('sha256').update('{}:{alertname="Down"}\nescalation 2').digest('hex')
  expect(said.pagerduty.dedup_key).toBe(key)
  const over = await saidBy({ ...notification([alert({ status: 'resolved', endsAtMs: NOW })]), escalation })
  expect(over.pagerduty.dedup_key).toBe(key)
  expect(over.text).not.toContain('Nobody has acknowledged')
})

test('webhooks have what Alertmanager’s have, and nothing else', async () => {
  const before = await saidBy(notification([alert()]))
  const after = await saidBy({ ...notification([open()]), ackUrl: ALL, escalation: { step: 1, afterMs: 60_000 } })
  expect(after.webhook).toBe(before.webhook)
})
