import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { expect, test } from 'vitest'
import { channelsOf } from '../../src/app/channels.ts'
import type { Notification } from '../../src/model/notification.ts'
import { loadFine } from '../config/support.ts'
import { fakeMail, fakeWeb } from '../notify/channel/fakes.ts'
import { alert, notification, sendContext } from '../notify/channel/notification.ts'
import { certificateFiles } from '../support/certificate-files.ts'
import { listen } from '../support/listen.ts'

const FIRING = notification([
  alert({ labels: { alertname: 'Down', check: 'shop', severity: 'critical', owner: 'jo' } }),
])

/** Sends through a channel that Alertmanager's keys set up. */
async function send(alertmanager: unknown, channel: string, what: Notification = FIRING): Promise<void> {
  const ready = channelsOf(loadFine(JSON.stringify({ alertmanager })))
  const found = ready.get(channel)
  if (found === undefined) throw new Error(`there are ${[...ready.keys()].join(', ')}`)
  await found.send(what, sendContext())
}

function team(receiver: Readonly<Record<string, unknown>>, global?: unknown): unknown {
  return { global, route: { receiver: 'team' }, receivers: [{ name: 'team', ...receiver }] }
}

test('a webhook gets Alertmanager’s body, with the login that stood in its address', async () => {
  await using web = await fakeWeb((response) => response.end())
  const url = `http://user:p%40ss@127.0.0.1:${web.server.port}/alerts?key=1`
  await send(team({ webhook_configs: [{ url }] }), 'team/webhook[0]')
  const [taken] = web.taken
  expect(taken).toMatchObject({ method: 'POST', path: '/alerts?key=1' })
  expect(taken?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
  expect(JSON.parse(taken?.body ?? '')).toMatchObject({
    version: '4',
    receiver: 'team',
    alerts: [{ status: 'firing' }],
  })
})

test('what lets one in is taken from the entry, or else from global', async () => {
  await using web = await fakeWeb((response) => response.end())
  const url = `http://127.0.0.1:${web.server.port}/`
  const own = { authorization: { type: 'Token', credentials: 'own-secret' } }
  const receiver = { webhook_configs: [{ url }, { url, http_config: own }], slack_configs: [{ api_url: url }] }
  const alertmanager = team(receiver, { http_config: { bearer_token: 'global-secret' } })
  web.answer = (response) => response.end('ok')
  for (const channel of ['team/webhook[0]', 'team/webhook[1]', 'team/slack[0]']) await send(alertmanager, channel)
  const sent = web.taken.map(({ headers }) => headers.authorization)
  expect(sent).toEqual(['Bearer global-secret', 'Token own-secret', 'Bearer global-secret'])
})

test('a server with a certificate of its own is trusted where its authority is named, and else is not', async () => {
  await using files = await certificateFiles()
  const [cert, key] = [readFileSync(files.certFile), readFileSync(files.keyFile)]
  const names: unknown[] = []
  await using server = await listen(
    createServer({ cert, key }, (request, response) => {
      names.push((request.socket as { servername?: unknown }).servername)
      response.end('ok')
    }),
  )
  const url = `https://127.0.0.1:${server.port}/`
  const hook = (tls_config: unknown) => team({ webhook_configs: [{ url, http_config: { tls_config } }] })
  await send(hook({ ca_file: files.caFile, server_name: 'localhost' }), 'team/webhook[0]')
  await send(hook({ insecure_skip_verify: true }), 'team/webhook[0]')
  expect(names).toEqual(['localhost', false])
  await expect(send(hook({ server_name: 'localhost' }), 'team/webhook[0]')).rejects.toThrow(/can't be reached/)
  const gone = hook({ ca_file: '/nonexistent/ca.pem' })
  await expect(send(gone, 'team/webhook[0]')).rejects.toThrow("/nonexistent/ca.pem can't be read: ENOENT")
})

test('a try ends with the timeout of its entry', async () => {
  await using web = await fakeWeb(() => undefined)
  const url = `http://127.0.0.1:${web.server.port}/`
  const sent = send(team({ webhook_configs: [{ url, timeout: '50ms' }] }), 'team/webhook[0]')
  await expect(sent).rejects.toMatchObject({
    retry: 'later',
    message: expect.stringContaining('did not answer in time'),
  })
})

test('Slack gets midwatch’s own message with what was written in its place', async () => {
  await using web = await fakeWeb((response) => response.end('ok'))
  const global = { slack_api_url: `http://127.0.0.1:${web.server.port}/services/x` }
  const entry = {
    channel: '#team-{{ .CommonLabels.owner }}',
    title: '{{ template "slack.default.title" . }}',
    username: 'night {{ .Status }}',
    color: 'danger',
  }
  await send(team({ slack_configs: [entry] }, global), 'team/slack[0]')
  const body = JSON.parse(web.taken[0]?.body ?? '')
  expect(body).toMatchObject({
    channel: '#team-jo',
    username: 'night firing',
    text: '[FIRING:1] Down (shop jo critical)',
  })
  expect(body.attachments[0].color).toBe('danger')
  expect(JSON.stringify(body.attachments[0].blocks)).toContain('The shop is down')
})

test('an application posts with its token, and its refusal is one', async () => {
  await using web = await fakeWeb((response) => response.end('{"ok":true,"ts":"1"}'))
  const app_url = `http://127.0.0.1:${web.server.port}/api/chat.postMessage`
  const alertmanager = team(
    { slack_configs: [{ channel: '#alerts' }, { channel: '#alerts', app_token: 'own-token' }] },
    { slack_app_token: 'global-token', slack_app_url: app_url },
  )
  for (const channel of ['team/slack[0]', 'team/slack[1]']) await send(alertmanager, channel)
  expect(web.taken.map(({ headers }) => headers.authorization)).toEqual(['Bearer global-token', 'Bearer own-token'])
  expect(JSON.parse(web.taken[0]?.body ?? '')).toMatchObject({ channel: '#alerts' })
  web.answer = (response) => response.end('{"ok":false,"error":"channel_not_found"}')
  await expect(send(alertmanager, 'team/slack[0]')).rejects.toThrow(/channel_not_found/)
})

test('who writes parts of an attachment gets Alertmanager’s message', async () => {
  await using web = await fakeWeb((response) => response.end('ok'))
  const api_url = `http://127.0.0.1:${web.server.port}/services/x`
  const fields = [{ title: 'Check', value: '{{ .CommonLabels.check }}' }]
  await send(
    team({ slack_configs: [{ api_url, pretext: 'look: {{ .Status }}', fields, short_fields: true }] }),
    'team/slack[0]',
  )
  expect(JSON.parse(web.taken[0]?.body ?? '')).toEqual({
    attachments: [
      {
        title: '[FIRING:1] Down (shop jo critical)',
        title_link: 'https://watch.example.org/#/alerts?receiver=team',
        pretext: 'look: firing',
        text: '',
        fallback: '[FIRING:1] Down (shop jo critical) | https://watch.example.org/#/alerts?receiver=team',
        callback_id: '',
        footer: '',
        color: 'danger',
        fields: [{ title: 'Check', value: 'shop', short: true }],
        mrkdwn_in: ['fallback', 'pretext', 'text'],
      },
    ],
  })
})

test('a template that fails makes room for midwatch’s own words; where it decides who is told, the message waits', async () => {
  await using web = await fakeWeb((response) => response.end('ok'))
  const api_url = `http://127.0.0.1:${web.server.port}/services/x`
  const broken = '{{ (index .Alerts 7).Status }}'
  await send(team({ slack_configs: [{ api_url, title: broken }] }), 'team/slack[0]')
  expect(JSON.parse(web.taken[0]?.body ?? '').text).toBe('[FIRING:1] Down, critical: shop')
  for (const channel of [broken, '{{ .CommonLabels.nobody }}']) {
    const sent = send(team({ slack_configs: [{ api_url, channel }] }), 'team/slack[0]')
    await expect(sent).rejects.toMatchObject({ retry: 'later', message: expect.stringContaining('template') })
  }
  expect(web.taken).toHaveLength(1)
})

test('mail goes to whom the template names, with the subject and the texts that were written', async () => {
  await using mail = await fakeMail()
  const entry = {
    to: '{{ .CommonLabels.owner }}@example.org, "Night, watch" <night@example.org>',
    from: 'Watch <watch@example.org>',
    smarthost: `127.0.0.1:${mail.port}`,
    require_tls: false,
    headers: { subject: '{{ .Status | toUpper }}', 'X-Team': '{{ .CommonLabels.owner }}' },
    text: 'text of {{ .CommonLabels.alertname }}',
    html: '<p>{{ "<b>" }}</p>',
  }
  await send(team({ email_configs: [entry] }), 'team/email[0]')
  const [got] = mail.mails
  expect(got?.headers.get('x-team')).toBe('jo')
  expect(got).toMatchObject({ subject: 'FIRING', text: 'text of Down', html: '<p>&lt;b&gt;</p>' })
  const to = got?.to === undefined || Array.isArray(got.to) ? undefined : got.to
  expect(to?.value.map(({ address }) => address)).toEqual(['jo@example.org', 'night@example.org'])
})

test('mail is not sent in the clear unless that is asked for', async () => {
  await using mail = await fakeMail()
  const entry = { to: 'a@example.org', from: 'b@example.org', smarthost: `127.0.0.1:${mail.port}` }
  await expect(send(team({ email_configs: [entry] }), 'team/email[0]')).rejects.toThrow(/mail server/)
  await send(team({ email_configs: [entry] }, { smtp_require_tls: false }), 'team/email[0]')
  expect(mail.mails).toHaveLength(1)
})

test('PagerDuty gets the title, severity, details, links and images that were written', async () => {
  await using web = await fakeWeb((response) => {
    response.statusCode = 202
    response.end('{"status":"success"}')
  })
  const entry = {
    routing_key: 'R0UTINGKEY',
    description: '{{ .CommonLabels.check }} is down',
    severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}info{{ end }}',
    client: 'night watch',
    component: '{{ .CommonLabels.check }}',
    details: { owner: '{{ .CommonLabels.owner }}', firing: 'none of your business' },
    links: [{ href: 'https://wiki.example.org/{{ .CommonLabels.check }}', text: 'Wiki' }],
    images: [{ src: 'https://wiki.example.org/a.png', alt: 'a' }],
  }
  const global = { pagerduty_url: `http://127.0.0.1:${web.server.port}/v2/enqueue` }
  await send(team({ pagerduty_configs: [entry] }, global), 'team/pagerduty[0]')
  expect(JSON.parse(web.taken[0]?.body ?? '')).toMatchObject({
    routing_key: 'R0UTINGKEY',
    event_action: 'trigger',
    client: 'night watch',
    payload: {
      summary: 'shop is down',
      severity: 'critical',
      source: 'night watch',
      component: 'shop',
      custom_details: { owner: 'jo', firing: 'none of your business', num_firing: '1' },
    },
    links: [
      { href: 'https://wiki.example.org/shop', text: 'Wiki' },
      { href: 'https://watch.example.org/checks/shop', text: 'Check: The shop is down' },
      { href: 'https://watch.example.org/alerts/ffffffffffffffff', text: 'Alert: The shop is down' },
    ],
    images: [{ src: 'https://wiki.example.org/a.png', alt: 'a', href: '' }],
  })
})

test('the channels of the short form stay beside those of Alertmanager’s keys', () => {
  const config = loadFine(`
notify: { slack: https://hooks.slack.com/services/x, send_resolved: false }
alertmanager:
  route: { receiver: slack }
  receivers: [{ name: team, webhook_configs: [{ url: http://hooks.example.org/ }, { url: http://hooks.example.org/ }] }]
`)
  const targets = [...channelsOf(config)].map(([name, { target }]) => [name, target])
  expect(targets).toEqual([
    ['slack', "the webhook's own channel"],
    ['team/webhook[0]', 'hooks.example.org'],
    ['team/webhook[1]', 'hooks.example.org'],
  ])
})
