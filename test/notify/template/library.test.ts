import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Notification } from '../../../src/model/notification.ts'
import { TemplateLibrary } from '../../../src/notify/template/library.ts'
import { TemplateError } from '../../../src/template/error.ts'
import { describePeer } from '../../support/peers.ts'

const firing = {
  status: 'firing',
  labels: { alertname: 'CheckDown', check: 'shop', severity: 'critical', Team: 'ops' },
  annotations: { summary: 'shop is <down>', description: 'since "noon" & later' },
  startsAtMs: Date.parse('2026-11-21T00:49:50.263Z'),
  endsAtMs: undefined,
  generatorUrl: 'https://watch.example.org/graph?a=1&b=<2>',
  fingerprint: 'af90b7bec0c95108',
} as const

const resolved = {
  ...firing,
  status: 'resolved',
  labels: { ...firing.labels, check: 'pay' },
  endsAtMs: Date.parse('2026-11-21T01:49:50Z'),
  fingerprint: 'af90b7bec0c95109',
} as const

const notification: Notification = {
  receiver: 'team.x',
  status: 'firing',
  reason: 'new alerts added',
  groupKey: '{}:{alertname="CheckDown"}',
  groupLabels: { alertname: 'CheckDown' },
  commonLabels: { alertname: 'CheckDown', severity: 'critical', Team: 'ops' },
  commonAnnotations: firing.annotations,
  externalUrl: 'https://watch.example.org',
  alerts: [firing, resolved],
}

const NOW_MS = Date.parse('2026-11-21T02:00:00Z')

function said(text: string, kind: 'text' | 'html' = 'text', library = TemplateLibrary.builtIn): string {
  return library.read(text, kind)(notification, NOW_MS)
}

/** What Alertmanager 0.25 knows as well; the texts of both are compared. */
const SHARED = [
  'plain text, {not} a template',
  '{{ .Status | toUpper }} {{ .Receiver }} {{ .ExternalURL }}',
  '{{ .Alerts | len }} {{ .Alerts.Firing | len }} {{ .Alerts.Resolved | len }}',
  '{{ range .Alerts }}{{ .Labels.check }}: {{ .Annotations.summary }} {{ .Fingerprint }}\n{{ end }}',
  '{{ range .Alerts.Firing }}{{ .StartsAt }} {{ .EndsAt }} {{ .GeneratorURL }}{{ end }}',
  '{{ range .Alerts.Resolved }}{{ .EndsAt.Sub .StartsAt }} {{ .StartsAt.Format "Jan 2, 15:04:05" }}{{ end }}',
  '{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}',
  '{{ .CommonLabels.Names }} {{ .CommonLabels.Values }} {{ .CommonLabels.SortedPairs.Values | join ", " }}',
  '{{ (.CommonLabels.Remove .GroupLabels.Names).Values | join "/" }}',
  '{{ with .CommonLabels.Remove (stringSlice "alertname" "Team") }}{{ .Names }}{{ end }}',
  '{{ .CommonLabels.nope }}|{{ index .CommonLabels "severity" }}',
  '{{ if gt (len .CommonLabels) (len .GroupLabels) }}more{{ else }}same{{ end }}',
  '{{ title "hello wORLD, foo-bar don\'t" }} {{ toLower "ABC" }}',
  '{{ match "^crit" .CommonLabels.severity }} {{ reReplaceAll "(c)(r)" "$2$1" .CommonLabels.severity }}',
  '{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" .Status }}',
  '{{ $x := .Status }}{{ range $i, $a := .Alerts }}{{ $i }}{{ $a.Status }}{{ $x }}{{ end }}',
  '{{ printf "%-10s|%05d|%T" .Status (len .Alerts) .Status }}',
  '{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 1).StartsAt.Before (index .Alerts 1).EndsAt }}',
  '{{ template "slack.default.title" . }}',
  '{{ template "slack.default.pretext" . }}{{ template "slack.default.text" . }}',
  '{{ template "pagerduty.default.description" . }}',
  '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
  '{{ template "email.default.subject" . }}',
  '{{ .CommonAnnotations.summary }} {{ safeHtml "<b>" }}',
] as const

/** Both refuse these, when they read or when they say them. */
const REFUSED = [
  '{{ .Nope }}',
  '{{ template "nope" . }}',
  '{{ nope }}',
  '{{ if }}',
  '{{ .CommonLabels.SortedPairs.Foo }}',
  '{{ .CommonLabels.Remove "a" }}',
  '{{ join .CommonLabels.Values "," }}',
  '{{ (index .Alerts 5).Status }}',
] as const

describePeer('amtool', (amtool) => {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-template-'))
  const data = join(folder, 'data.json')
  afterAll(() => rmSync(folder, { recursive: true }))

  function rendered(text: string, kind: 'text' | 'html'): string {
    const args = ['template', 'render', '--template.glob=/usr/share/prometheus/alertmanager/*.tmpl']
    const end = '\u2063'
    return execFileSync(
      amtool,
      [...args, `--template.data=${data}`, `--template.type=${kind}`, `--template.text=${text}${end}`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    ).split(end)[0] as string
  }

  test('texts come out as Alertmanager makes them', () => {
    writeFileSync(data, JSON.stringify(asSeenByAmtool()))
    for (const text of SHARED) expect(said(text), text).toBe(rendered(text, 'text'))
    for (const text of REFUSED) {
      expect(() => said(text), text).toThrow(TemplateError)
      expect(() => rendered(text, 'text'), text).toThrow()
    }
  })

  test('what is put into HTML is escaped as Alertmanager does it', () => {
    writeFileSync(data, JSON.stringify(asSeenByAmtool()))
    const texts = [
      '<p>{{ .CommonAnnotations.summary }} {{ safeHtml "<b>" }}</p>',
      '<i>{{ range .Alerts }}{{ .Annotations.description }}{{ end }}</i>',
      '<b>{{ template "slack.default.title" . }}</b>',
    ]
    for (const text of texts) expect(said(text, 'html'), text).toBe(rendered(text, 'html'))
  })
})

/** `template.Data` in JSON. */
function asSeenByAmtool(): unknown {
  const { receiver, alerts, status, groupLabels, commonLabels, commonAnnotations, externalUrl } = notification
  return {
    receiver: receiver.replace('.', '\\.'),
    status,
    groupLabels,
    commonLabels,
    commonAnnotations,
    externalURL: externalUrl,
    alerts: alerts.map(({ startsAtMs, endsAtMs, generatorUrl, ...alert }) => ({
      ...alert,
      startsAt: new Date(startsAtMs).toISOString(),
      endsAt: endsAtMs === undefined ? '0001-01-01T00:00:00Z' : new Date(endsAtMs).toISOString(),
      generatorURL: generatorUrl,
    })),
  }
}

test.each([
  ['{{ .CommonLabels }}', 'alertname=CheckDown, Team=ops, severity=critical'],
  ['{{ .NotificationReason }}', 'new alerts added'],
  ['{{ since (index .Alerts 0).StartsAt | humanizeDuration }}', '1h 10m 9s'],
  ['{{ (index .Alerts 0).StartsAt | date "15:04 MST" }}', '00:49 UTC'],
  [
    '{{ (index .Alerts 0).StartsAt | tz "Europe/Berlin" | date "2006-01-02 15:04 MST -0700" }}',
    '2026-11-21 01:49 CET +0100',
  ],
  ['{{ ((index .Alerts 0).StartsAt | tz "America/New_York").Hour }}', '19'],
  ['{{ trimSpace "  a  " }}', 'a'],
  ['{{ toJson .CommonLabels }}', '{"Team":"ops","alertname":"CheckDown","severity":"critical"}'],
  ['{{ toJson (index .Alerts 0).Annotations.summary }}', '"shop is \\u003cdown\\u003e"'],
  ['{{ urlUnescape "a%20b+c" }}', 'a b c'],
  ['{{ template "slack.default.titlelink" . }}', 'https://watch.example.org/#/alerts?receiver=team%5C.x'],
])('says %s as newer Alertmanagers do', (text, expected) => {
  expect(said(text)).toBe(expected)
})

test('templates of files are called by name, and a later one wins', () => {
  const library = TemplateLibrary.builtIn
    .with('{{ define "ours" }}one{{ end }}{{ define "slack.default.title" }}ours: {{ .Status }}{{ end }}')
    .with('{{ define "ours" }}two {{ template "slack.default.title" . }}{{ end }} text outside of a definition')
  expect(said('{{ template "ours" . }}', 'text', library)).toBe('two ours: firing')
})

test('an error says where it is, in the file that it is in', () => {
  const library = TemplateLibrary.builtIn.with('{{ define "a" }}\n\n  {{ template "gone" . }}{{ end }}')
  const error = catchError(() => library.read('x {{ template "a" . }}'))
  expect(error).toMatchObject({ line: 3, message: 'no template "gone" is defined' })
  expect(catchError(() => library.read('{{ .Status '))).toBeInstanceOf(TemplateError)
  expect(library.read('a template that is never called may be broken')(notification)).toContain('never')
})

test('a template that would not end, or fill the memory, ends in an error', () => {
  for (const text of [
    '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    '{{ define "a" }}{{ . }}{{ . }}{{ template "a" (print . .) }}{{ end }}{{ template "a" "xxxxxxxxxxxxxxxxx" }}',
    '{{ range $a := .Alerts }}{{ printf "%999999d" 1 }}{{ end }}',
  ]) {
    expect(() => said(text), text).toThrow(TemplateError)
  }
})

function catchError(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
