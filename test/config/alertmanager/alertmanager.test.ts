import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { describeConfig } from '../../../src/config/describe.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { routingOf } from '../../../src/config/routing.ts'
import { formatProblem } from '../../../src/model/problem.ts'
import { load, loadFine, problemTexts } from '../support.ts'

const SLACK = 'https://hooks.slack.com/services/T0/B0/hidden'

function routing(text: string) {
  return routingOf(loadFine(text))
}

describe('defaults', () => {
  test('who hears of the end of an alert is as in Alertmanager, unless told', () => {
    const { receivers } = routing(`
alertmanager:
  global: { slack_api_url: "${SLACK}", smtp_smarthost: "mail.example.org:25", smtp_from: a@example.org }
  route: { receiver: team }
  receivers:
    - name: team
      slack_configs: [{}, { send_resolved: yes }]
      email_configs: [{ to: a@example.org }]
      webhook_configs: [{ url: http://hooks.example.org }, { url: http://hooks.example.org, send_resolved: false }]
      pagerduty_configs: [{ routing_key: abcdefgh }]
`)
    expect(receivers.get('team')).toEqual([
      { channel: 'team/email[0]', sendResolved: false },
      { channel: 'team/pagerduty[0]', sendResolved: true, keepsIncidents: true },
      { channel: 'team/slack[0]', sendResolved: false },
      { channel: 'team/slack[1]', sendResolved: true },
      { channel: 'team/webhook[0]', sendResolved: true },
      { channel: 'team/webhook[1]', sendResolved: false },
    ])
  })

  test('the timers of the root are Alertmanager’s, and children take those of their parent', () => {
    const { root } = routing(`
alertmanager:
  route: { receiver: a, routes: [{ group_wait: 0s, routes: [{ repeat_interval: 1d, group_by: [] }] }] }
  receivers: [{ name: a }]
`)
    expect(root).toMatchObject({
      groupBy: [],
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
    })
    expect(root.routes[0]).toMatchObject({ receiver: 'a', groupWaitMs: 0, groupIntervalMs: 300_000 })
    expect(root.routes[0]?.routes[0]).toMatchObject({ groupWaitMs: 0, repeatIntervalMs: 86_400_000 })
  })

  test('the page about an objective inhibits its ticket, until somebody writes rules', () => {
    const equal = (text: string) => routing(text).inhibitRules.map((rule) => rule.equal)
    expect(equal('')).toEqual([['sloth_id']])
    expect(equal('alertmanager: { route: { receiver: a }, receivers: [{ name: a }] }')).toEqual([['sloth_id']])
    expect(equal('alertmanager: { inhibit_rules: [] }')).toEqual([])
    expect(equal('alertmanager: { inhibit_rules: [{ equal: [team] }] }')).toEqual([['team']])
  })

  test('an alert from outside is over after resolve_timeout', () => {
    expect(loadFine('alertmanager: { global: { resolve_timeout: 90s } }').alertmanager?.resolveTimeoutMs).toBe(90_000)
    expect(loadFine('alertmanager: {}').alertmanager?.resolveTimeoutMs).toBe(300_000)
    expect(loadFine('alertmanager:').alertmanager).toBeUndefined()
  })
})

describe('beside the short form', () => {
  test('its channels are receivers, and its routing has no place', () => {
    const { receivers, root } = routing(`
notify: { slack: ${SLACK}, send_resolved: false }
alertmanager: { route: { receiver: slack } }
`)
    expect(root.receiver).toBe('slack')
    expect([...receivers]).toEqual([['slack', [{ channel: 'slack', sendResolved: false }]]])
    const both = load(`notify:
  slack: ${SLACK}
  group_by: [team]
  repeat: 1h
alertmanager:
  route: { receiver: slack }
  receivers: [{ name: slack }]
`)
    expect(problemTexts(both)).toEqual([
      'midwatch.yml:3:3: notify.group_by: says who is told, and so does alertmanager.route; remove it here (there it is alertmanager.route.group_by), or remove alertmanager.route',
      'midwatch.yml:4:3: notify.repeat: says who is told, and so does alertmanager.route; remove it here (there it is alertmanager.route.repeat_interval), or remove alertmanager.route',
      'midwatch.yml:7:23: alertmanager.receivers[0].name: "slack" is the receiver that notify.slack makes; write another name, or remove notify.slack',
    ])
  })

  test('without a route it says who is told, and rules and times are added to it', () => {
    const { root, inhibitRules, timeIntervals } = routing(`
notify: { slack: ${SLACK}, group_by: [team] }
alertmanager:
  inhibit_rules: [{ source_matchers: [a=b], target_matchers: [a=c] }]
  time_intervals: [{ name: nights }]
`)
    expect(root.routes.map(({ receiver }) => receiver)).toEqual(['critical', 'high', 'medium', 'low'])
    expect(inhibitRules).toHaveLength(1)
    expect([...timeIntervals.keys()]).toEqual(['nights'])
  })
})

test('secrets come out of files and variables, and show nowhere', () => {
  const result = load(
    `alertmanager:
  global: { slack_api_url_file: slack, http_config: { basic_auth: { username: a, password_file: pass } } }
  route: { receiver: team }
  receivers:
    - name: team
      slack_configs: [{}]
      webhook_configs: [{ url: "http://u:\${HOOK_PASSWORD}@hooks.example.org/way-in" }]
      pagerduty_configs: [{ routing_key_file: key }]
`,
    {
      files: { slack: `${SLACK}\n`, pass: 'file-hunter2\n', key: 'R0UTINGKEY\n' },
      env: { HOOK_PASSWORD: 'variable-hunter2' },
    },
  )
  expect(result.problems).toEqual([])
  expect(result.files.map((file) => file.split('/').at(-1))).toEqual(['midwatch.yml', 'slack', 'pass', 'key'])
  const { config } = result
  if (config === undefined) throw new Error('it is refused')
  const shown = JSON.stringify([describeConfig(config), config])
  expect(shown).not.toMatch(/hunter2|hidden|way-in|R0UTINGKEY/)
  expect(describeConfig(config).alertmanager).toMatchObject({
    receivers: [
      {
        pagerduty_configs: [{ routing_key_file: 'key' }],
        webhook_configs: [{ url: 'http://hooks.example.org/<secret>' }],
      },
    ],
  })
})

describe('files of templates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-templates-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  function loadWith(templates: string, title: string) {
    const file = join(folder, 'midwatch.yml')
    writeFileSync(
      file,
      `alertmanager:
  templates: ${templates}
  route: { receiver: team }
  receivers:
    - name: team
      slack_configs:
        - api_url: ${SLACK}
          title: '${title}'
`,
    )
    const result = loadConfig({ file, env: {} })
    return { ...result, texts: result.problems.map(formatProblem).map((text) => text.replaceAll(`${folder}/`, '')) }
  }

  test('are read with the config, relative to it, and watched with it', () => {
    writeFileSync(join(folder, 'a.tmpl'), '{{ define "ours" }}ours: {{ .Status }}{{ end }}')
    writeFileSync(join(folder, 'b.tmpl'), '{{ define "other" }}{{ template "ours" . }}{{ end }}')
    const { texts, files, config } = loadWith('["*.tmpl"]', '{{ template "other" . }}')
    expect(texts).toEqual([])
    expect(config).toBeDefined()
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual(['midwatch.yml', 'a.tmpl', 'b.tmpl'])
    rmSync(join(folder, 'b.tmpl'))
  })

  test('have their faults told where they are', () => {
    writeFileSync(join(folder, 'a.tmpl'), '{{ define "ours" }}\n  {{ .Status | nope }}{{ end }}')
    const { texts } = loadWith('["a.tmpl", none.tmpl]', '{{ template "ours" . }}')
    expect(texts).toEqual([
      'a.tmpl:2:16: function "nope" not defined',
      'midwatch.yml:2:25: alertmanager.templates[1]: warning: none.tmpl matches no file',
    ])
    writeFileSync(join(folder, 'a.tmpl'), '{{ define "theirs" }}{{ end }}')
    expect(loadWith('["a.tmpl"]', '{{ template "ours" . }}').texts).toEqual([
      'midwatch.yml:8:18: alertmanager.receivers[0].slack_configs[0].title: is not a template that can be expanded: no template "ours" is defined',
    ])
  })
})

test('a text is a text, whatever YAML might take it for', () => {
  const { root } = routing(`
alertmanager:
  route:
    receiver: 12
    routes:
      - { match: { code: 007, on: yes, none: }, match_re: { version: 1.10 }, receiver: null }
  receivers: [{ name: 12 }]
`)
  const route = root.routes[0]
  expect(route?.receiver).toBe('12')
  expect(route?.key).toBe('{}/{code="007",none="",on="yes",version=~"^(?:1.10)$"}')
})
