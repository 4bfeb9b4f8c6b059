import fc from 'fast-check'

/** Alertmanager configurations and labels of alerts, as plain data, for comparing with the real one. */

const NAMES = ['a', 'b', 'severity', 'team'] as const
const VALUES = ['x', 'y', 'z', 'x-1', 'xy'] as const
const PATTERNS = ['x|y', 'x.*', '.*', '.+', '', '[xy]', 'x-\\d', '(x|z)y?', 'X', '(?i)X'] as const

const name = fc.constantFrom(...NAMES)
const value = fc.constantFrom(...VALUES)
const pattern = fc.constantFrom(...PATTERNS)

const matcher = fc.oneof(
  fc.tuple(name, fc.constantFrom('=', '!='), fc.oneof(value, fc.constant(''))),
  fc.tuple(name, fc.constantFrom('=~', '!~'), pattern),
)

const matcherText = fc.tuple(matcher, fc.constantFrom('quoted', 'bare', 'spaced')).map(([[label, op, text], style]) => {
  const quoted = JSON.stringify(text).replaceAll('\\\\', '\\')
  if (style === 'spaced') return ` ${label} ${op} ${quoted} `
  return style === 'bare' && /^[\w.|+*-]+$/.test(text) ? `${label}${op}${text}` : `${label}${op}${quoted}`
})

const conditions = fc.record(
  {
    matchers: fc.array(matcherText, { maxLength: 2 }),
    match: fc.dictionary(name, value, { maxKeys: 1 }),
    match_re: fc.dictionary(name, pattern, { maxKeys: 1 }),
  },
  { requiredKeys: [] },
)

const receiver = fc.constantFrom('r0', 'r1', 'r2', 'team "x"')
const duration = fc.constantFrom('1s', '30s', '5m', '1h30m', '1d', '2w')

interface Written {
  readonly [key: string]: unknown
}

function route(depth: number): fc.Arbitrary<Written> {
  const own = fc.record(
    {
      receiver,
      continue: fc.boolean(),
      group_by: fc.oneof(fc.uniqueArray(name, { maxLength: 2 }), fc.constant(['...'])),
      group_wait: fc.oneof(duration, fc.constant('0s')),
      group_interval: duration,
      repeat_interval: duration,
      mute_time_intervals: fc.uniqueArray(fc.constantFrom('t0', 't1'), { maxLength: 2 }),
      active_time_intervals: fc.uniqueArray(fc.constantFrom('t0', 't1'), { maxLength: 1 }),
    },
    { requiredKeys: [] },
  )
  const routes = depth === 0 ? fc.constant([]) : fc.array(route(depth - 1), { maxLength: 4 })
  return fc.tuple(own, conditions, routes).map(([node, when, inner]) => ({ ...node, ...when, routes: inner }))
}

/** A whole tree; its root is one that Alertmanager takes. */
export const tree: fc.Arbitrary<Written> = fc
  .tuple(receiver, fc.array(route(2), { minLength: 1, maxLength: 4 }))
  .map(([root, routes]) => ({ receiver: root, routes }))

export const alertLabels: fc.Arbitrary<Readonly<Record<string, string>>> = fc.dictionary(name, value, { maxKeys: 4 })

const range = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([one, other]) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)]
    return from === to ? String(from) : `${from}:${to}`
  })

const window = fc.record(
  {
    times: fc.array(
      fc.constantFrom(
        ...[
          ['09:00', '17:00'],
          ['00:00', '24:00'],
          ['22:30', '23:59'],
        ].map(([start_time, end_time]) => ({ start_time, end_time })),
      ),
      { maxLength: 2 },
    ),
    weekdays: fc.array(fc.constantFrom('monday:friday', 'Saturday', 'sunday'), { maxLength: 2 }),
    days_of_month: fc.array(fc.oneof(range(1, 31), range(-31, -1), fc.constantFrom('1:-1', '20:-2')), { maxLength: 2 }),
    months: fc.array(fc.oneof(range(1, 12), fc.constantFrom('january', 'March:may')), { maxLength: 2 }),
    years: fc.array(range(2020, 2040), { maxLength: 2 }),
    location: fc.constantFrom('Europe/Berlin', 'UTC', 'America/New_York'),
  },
  { requiredKeys: [] },
)

const inhibitRule = fc.record(
  {
    source_matchers: fc.array(matcherText, { maxLength: 2 }),
    source_match: fc.dictionary(name, value, { maxKeys: 1 }),
    target_matchers: fc.array(matcherText, { maxLength: 2 }),
    target_match_re: fc.dictionary(name, pattern, { maxKeys: 1 }),
    equal: fc.uniqueArray(name, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

const sendResolved = { send_resolved: fc.boolean() }
const http = fc.record(
  {
    proxy_url: fc.constant('http://proxy.example.org:3128'),
    follow_redirects: fc.boolean(),
    tls_config: fc.record({ insecure_skip_verify: fc.boolean(), ca_file: fc.constant('ca.pem') }, { requiredKeys: [] }),
    basic_auth: fc.record({ username: value, password: fc.constant('hunter2222') }),
  },
  { requiredKeys: [] },
)
const words = fc.constantFrom(
  'plain',
  '{{ .Status | toUpper }}',
  '{{ template "slack.default.title" . }}',
  '{{ range .Alerts }}{{ .Annotations.summary }}\n{{ end }}',
)

const integrations = fc.record(
  {
    slack_configs: fc.array(
      fc.record(
        {
          ...sendResolved,
          channel: fc.constant('#alerts'),
          title: words,
          text: words,
          color: words,
          short_fields: fc.boolean(),
          fields: fc.array(fc.record({ title: words, value: words }), { maxLength: 1 }),
          http_config: http,
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    ),
    email_configs: fc.array(
      fc.record(
        {
          ...sendResolved,
          to: fc.constantFrom(
            'a@example.org',
            'a@example.org, "B, C" <b@example.org>',
            '{{ .CommonLabels.owner }}@example.org',
          ),
          html: words,
          text: words,
          headers: fc.constant({ subject: '{{ .Status }}', 'X-A': 'b' }),
          require_tls: fc.boolean(),
          smarthost: fc.constant('[::1]:25'),
        },
        { requiredKeys: ['to'] },
      ),
      { maxLength: 1 },
    ),
    webhook_configs: fc.array(
      fc.record(
        {
          ...sendResolved,
          url: fc.constant('http://u:p@hooks.example.org/secret-path'),
          max_alerts: fc.nat(5),
          http_config: http,
        },
        { requiredKeys: ['url'] },
      ),
      { maxLength: 2 },
    ),
    pagerduty_configs: fc.array(
      fc.record(
        {
          ...sendResolved,
          routing_key: fc.constant('R0UTINGKEY'),
          severity: words,
          details: fc.dictionary(fc.constantFrom('a', 'firing'), words, { maxKeys: 1 }),
          links: fc.array(fc.record({ href: words, text: words }), { maxLength: 1 }),
        },
        { requiredKeys: ['routing_key'] },
      ),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
)

/** A whole configuration. */
export const configuration: fc.Arbitrary<Written> = fc.record(
  {
    global: fc.record({
      resolve_timeout: duration,
      slack_api_url: fc.constant('https://hooks.slack.com/services/T/B/secret'),
      smtp_smarthost: fc.constant('mail.example.org:587'),
      smtp_from: fc.constant('alerts@example.org'),
      smtp_require_tls: fc.boolean(),
    }),
    route: tree,
    receivers: fc
      .tuple(integrations, integrations)
      .map(([one, other]) => [{ name: 'r0', ...one }, { name: 'r1', ...other }, { name: 'r2' }, { name: 'team "x"' }]),
    inhibit_rules: fc.array(inhibitRule, { maxLength: 2 }),
    time_intervals: fc
      .tuple(fc.array(window, { maxLength: 2 }), fc.array(window, { maxLength: 2 }))
      .map((both) => both.map((time_intervals, i) => ({ name: `t${i}`, time_intervals }))),
    templates: fc.constant([]),
  },
  { requiredKeys: ['global', 'route', 'receivers', 'time_intervals'] },
)
