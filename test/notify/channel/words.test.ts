import { expect, test } from 'vitest'
import { email } from '../../../src/notify/channel/email.ts'
import { slack } from '../../../src/notify/channel/slack.ts'
import { fakeMail, fakeWeb } from './fakes.ts'
import { alert, notification, sendContext } from './notification.ts'

interface SlackBody {
  readonly text: string
  readonly attachments: readonly { readonly blocks: readonly { readonly text: { readonly text: string } }[] }[]
}

async function slackOf(keys: Readonly<Record<string, string>>, sent = notification([alert()])): Promise<SlackBody> {
  await using it = await fakeWeb((response) => response.end('ok'))
  const config = slack.config.parse({ url: `http://${it.server.address}/services/T0/B0/x`, ...keys })
  await slack.send(config, sent, sendContext())
  return JSON.parse(it.taken[0]?.body ?? '') as SlackBody
}

const textsOf = ({ attachments }: SlackBody) => attachments.flatMap(({ blocks }) => blocks.map(({ text }) => text.text))

test("Slack gets the operator's title as plain text, and the text with its markup in place of the list", async () => {
  const body = await slackOf({
    title: '{{ .Status | toUpper }} <{{ .CommonLabels.check }}>\n',
    text: '*{{ .CommonLabels.alertname }}* <https://wiki.example.org|wiki>',
  })
  expect(body.text).toBe('FIRING &lt;shop&gt;')
  expect(textsOf(body)).toEqual(['*FIRING &lt;shop&gt;*', '*Down* <https://wiki.example.org|wiki>'])
})

test('a long text goes into several sections, broken between lines, and ends at ten', async () => {
  const line = `${'x'.repeat(999)}\n`
  const parts = textsOf(await slackOf({ text: line.repeat(12) })).slice(1)
  expect(parts).toHaveLength(4)
  expect(parts.every((part) => part.length <= 3000 && part.split('\n').every((one) => one.length === 999))).toBe(true)
  const endless = textsOf(await slackOf({ text: '🌙'.repeat(100_000) })).slice(1)
  expect(endless).toHaveLength(10)
  expect(endless.every((part) => part.isWellFormed() && part.length <= 3000)).toBe(true)
  expect(endless.at(-1)?.endsWith('…')).toBe(true)
})

test('words that fail or come to nothing are no reason to say nothing', async () => {
  const own = await slackOf({})
  expect(await slackOf({ title: '{{ .NoSuchField }}', text: '{{ if false }}x{{ end }}' })).toEqual(own)
})

async function mailOf(keys: Readonly<Record<string, string>>) {
  await using it = await fakeMail()
  const annotations = { summary: '<b>"down"</b>' }
  const smtp = `smtp://127.0.0.1:${it.port}`
  const config = email.config.parse({ to: 'oncall@example.org', from: 'midwatch@example.org', smtp, ...keys })
  await email.send(config, notification([alert({ annotations })]), sendContext())
  return it.mails[0]!
}

test("a mail has the operator's subject and text, which is its page as well", async () => {
  const mail = await mailOf({
    title: 'Look: {{ .CommonLabels.check }}\r\nBcc: all@example.org',
    text: 'First {{ (index .Alerts 0).Annotations.summary }}\nSecond',
  })
  expect(mail.subject).toBe('Look: shop Bcc: all@example.org')
  expect(mail.headers.has('bcc')).toBe(false)
  expect(mail.text).toContain('First <b>"down"</b>\nSecond')
  expect(mail.html).toContain('First &lt;b&gt;&quot;down&quot;&lt;/b&gt;\nSecond')
})

test('what strangers say is escaped in the page that an operator writes', async () => {
  const mail = await mailOf({ html: '<p class="x">{{ (index .Alerts 0).Annotations.summary }}</p>' })
  expect(mail.html).toMatch(/<p class="x">&lt;b&gt;.*down.*&lt;\/b&gt;<\/p>/)
  expect(mail.text).toContain('<b>"down"</b>')
  expect(mail.subject).toBe('[FIRING:1] Down, critical: shop')
})
