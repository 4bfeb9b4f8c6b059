import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertmanagerBody } from '../../../src/notify/channel/alertmanager-body.ts'
import { pagerduty } from '../../../src/notify/channel/pagerduty.ts'
import { describePeer, freePort, type RunningPeer, startPeer } from '../../support/peers.ts'
import { tempFolder } from '../../support/test-store.ts'
import { type FakeWeb, fakeWeb } from './fakes.ts'
import { notification as notificationOf, sendContext } from './notification.ts'

const EXTERNAL_URL = 'http://watch.example.org/base'
/**
 * A minute from now: a group of alerts that are older than it waits would be told before all of them are there, and how long
 * Alertmanager takes to start nobody knows. One has a zero at its end, one only zeros.
 */
const STARTS = new Date(Math.floor(Date.now() / 10) * 10 + 60_000).toISOString()
const FULL_SECOND = STARTS.replace(/\.\d+/, '.000')
/** Alerts with what encoders differ in: signs of HTML, quotes, other scripts, separators, an empty annotation. */
const alerts = [
  {
    labels: { alertname: 'A', inst: '1', zone: 'eu', Upper: 'x' },
    annotations: { summary: 'a < b && c > "d" \u2028 \u2029 \\ ü 🌙 \t\n', b: '' },
    startsAt: STARTS,
    generatorURL: 'http://g.example.org/?a=1&b=<2>',
  },
  {
    labels: { alertname: 'A', inst: '2', zone: 'eu', Upper: 'x' },
    annotations: { summary: 'second' },
    startsAt: FULL_SECOND,
    generatorURL: '',
  },
]

describePeer('alertmanager', (path) => {
  let hook: FakeWeb
  let alertmanager: RunningPeer
  let api: string
  let folder: Awaited<ReturnType<typeof tempFolder>>

  beforeAll(async () => {
    folder = await tempFolder()
    hook = await fakeWeb((response) => response.writeHead(202).end('{}'))
    const port = await freePort()
    const config = join(folder.path, 'alertmanager.yml')
    const base = `http://${hook.server.address}`
    writeFileSync(
      config,
      JSON.stringify({
        route: { receiver: 'team.x|(y)', group_by: ['alertname'], group_wait: '3s' },
        receivers: [
          {
            name: 'team.x|(y)',
            webhook_configs: [
              { url: `${base}/all`, send_resolved: true },
              { url: `${base}/first`, max_alerts: 1 },
            ],
            pagerduty_configs: [{ url: `${base}/pagerduty`, routing_key: 'canary-of-the-service' }],
          },
        ],
      }),
    )
    mkdirSync(join(folder.path, 'data'))
    alertmanager = await startPeer(
      path,
      [
        `--config.file=${config}`,
        `--storage.path=${join(folder.path, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--web.external-url=${EXTERNAL_URL}`,
        '--web.route-prefix=/',
        '--cluster.listen-address=',
      ],
      { ready: port },
    )
    api = `http://127.0.0.1:${port}/api/v2/alerts`
    const posted = await fetch(api, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
    expect(posted.status).toBe(200)
    while (hook.taken.length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
  })

  afterAll(async () => {
    await alertmanager?.stop()
    await hook?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  const taken = (place: string) => hook.taken.find((one) => one.path === place)

  /** The same group as our dispatcher would hand it over. */
  function ours(body: { readonly groupKey: string; readonly alerts: readonly { readonly fingerprint: string }[] }) {
    return {
      ...notificationOf(
        alerts.map(({ labels, annotations, startsAt, generatorURL }, i) => ({
          status: 'firing' as const,
          labels,
          annotations,
          startsAtMs: Date.parse(startsAt),
          endsAtMs: undefined,
          generatorUrl: generatorURL,
          fingerprint: body.alerts[i]?.fingerprint ?? '',
        })),
      ),
      receiver: 'team.x|(y)',
      groupKey: '{}:{alertname="A"}',
      groupLabels: { alertname: 'A' },
      externalUrl: EXTERNAL_URL,
    }
  }

  /** Older versions do not tell the reason. */
  const withoutReason = (body: string) => body.replace(/"notification_reason":"[^"]*",/, '')
  const withoutNew = (body: string) => withoutReason(body).replace('"routeLabels":{},', '')

  test('the body of a webhook is the same, byte for byte', () => {
    const theirs = taken('/all')?.body ?? ''
    const notification = ours(JSON.parse(theirs) as Parameters<typeof ours>[0])
    expect(withoutReason(alertmanagerBody(notification, 0))).toBe(withoutNew(theirs))
  })

  test('so it is where only the first alerts are wanted', () => {
    const all = JSON.parse(taken('/all')?.body ?? '') as Parameters<typeof ours>[0]
    expect(withoutReason(alertmanagerBody(ours(all), 1))).toBe(withoutNew(taken('/first')?.body ?? ''))
  })

  test('PagerDuty gets the same incident key and the same details', async () => {
    const all = JSON.parse(taken('/all')?.body ?? '') as Parameters<typeof ours>[0]
    await using service = await fakeWeb((response) => response.writeHead(202).end('{}'))
    const url = `http://${service.server.address}/`
    await pagerduty.send(
      pagerduty.config.parse({ routing_key: 'canary-of-the-service', url }),
      ours(all),
      sendContext(),
    )
    const [theirs, own] = [taken('/pagerduty'), service.taken[0]].map(
      (one) => JSON.parse(one?.body ?? '') as Record<string, unknown> & { payload: { custom_details: unknown } },
    )
    for (const key of ['routing_key', 'dedup_key', 'event_action']) expect(own?.[key]).toBe(theirs?.[key])
    // Newer versions send lists there.
    const details = theirs?.payload.custom_details as Record<string, unknown>
    if (typeof details.firing === 'string') expect(own?.payload.custom_details).toEqual(details)
  })
})
