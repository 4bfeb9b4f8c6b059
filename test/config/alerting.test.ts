import { expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { Labels } from '../../src/model/labels.ts'
import { load, loadFine, problemTexts } from './support.ts'

const PROMETHEUS = `
global:
  scrape_interval: 15s
  external_labels: { region: eu, replica: 1 }
alerting:
  alert_relabel_configs:
    - { regex: replica, action: labeldrop }
  alertmanagers:
    - static_configs: [{ targets: [am-1:9093, "am-2:9093"] }]
    - scheme: https
      path_prefix: alerts/
      timeout: 5s
      api_version: v2
      basic_auth: { username: midwatch, password: hunter2 }
      tls_config: { ca_file: ca.pem }
      static_configs: [{ targets: ["am.example.org"] }]
`

test('the part of prometheus.yml that names Alertmanagers is taken as it is', () => {
  const config = loadFine(PROMETHEUS)
  expect(config.externalLabels).toEqual(Labels.of({ region: 'eu', replica: '1' }))
  expect(config.alerting?.relabel.apply(config.externalLabels)).toEqual(Labels.of({ region: 'eu' }))
  const [one, two, three] = config.alerting?.targets ?? []
  expect([one?.url.href, two?.url.href, three?.url.href]).toEqual([
    'http://am-1:9093/api/v2/alerts',
    'http://am-2:9093/api/v2/alerts',
    'https://am.example.org/alerts/api/v2/alerts',
  ])
  expect(one).toMatchObject({ timeoutMs: 10_000, authorization: undefined, tls: undefined })
  expect(three?.timeoutMs).toBe(5000)
  expect(three?.authorization?.reveal()).toBe(`Basic ${Buffer.from('midwatch:hunter2').toString('base64')}`)
  expect(three?.tls?.caFile).toMatch(/^\/.*\/ca\.pem$/)
})

test('it is shown without secrets', () => {
  const shown = describeConfig(loadFine(PROMETHEUS))
  expect(shown).toMatchObject({
    global: { external_labels: { region: 'eu', replica: '1' } },
    evaluation: { resend_delay: '1m' },
    alerting: {
      alert_relabel_configs: [{ regex: 'replica', action: 'labeldrop' }],
      alertmanagers: [
        { static_configs: [{ targets: ['am-1:9093'] }], scheme: 'http', path_prefix: '/', timeout: '10s' },
        { static_configs: [{ targets: ['am-2:9093'] }] },
        { scheme: 'https', path_prefix: '/alerts', timeout: '5s' },
      ],
    },
  })
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})

test('what can not be meant is refused with what to write instead', () => {
  const text = `
alerting:
  alertmanagers:
    - { api_version: v1, static_configs: [{ targets: ["http://am:9093"] }] }
    - { kubernetes_sd_configs: [{ role: pod }] }
    - { static_configs: [{ targets: [am:9093] }], basic_auth: { username: a }, authorization: { credentials: b } }
`
  expect(problemTexts(load(text))).toEqual([
    expect.stringContaining('alerting.alertmanagers[0].api_version: is not v2'),
    expect.stringContaining(
      'alerting.alertmanagers[0].static_configs[0].targets[0]: "http://am:9093" is not host:port',
    ),
    expect.stringContaining('alerting.alertmanagers[1].static_configs: is missing'),
    expect.stringContaining('alerting.alertmanagers[1].kubernetes_sd_configs: write the addresses in static_configs'),
    expect.stringContaining('alerting.alertmanagers[2]: has more than one of basic_auth'),
  ])
})
