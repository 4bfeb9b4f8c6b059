import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkKinds } from '../../src/config/check.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { EVENT_TYPES } from '../../src/notify/event.ts'

const folder = fileURLToPath(new URL('../fixtures/bad-config/', import.meta.url))
const kinds = checkKinds.join(', ')

/** By the name of the file, which is the mistake: all that is said about it, without the file's name. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'address-policy-unknown': [
    '2:19: probes.address_policy: "none" is not one of no-link-local, any, public-only; write one of these',
  ],
  'bracket-not-closed': [
    '1:36: Flow sequence in block collection must be sufficiently indented and end with a ]',
    '1:37: Flow map in block collection must be sufficiently indented and end with a }',
  ],
  'category-in-words': [
    '4:15: checks[0].category: "Web Shop" is not a category; write one lower-case word, such as web-shop',
  ],
  'channel-not-configured': [
    '4:23: notify.by_severity.critical[1]: "email" is not configured (configured: slack); write notify.email or leave it out here',
  ],
  'fallback-unknown': [
    '4:24: notify.fallback.channel: "emial" is not a channel; did you mean "email"?',
    '4:45: notify.fallback.for.slcak: "slcak" is not a channel or receiver; did you mean "slack"?',
    '4:58: notify.fallback.for.slack: "pager" is not a channel; there are slack, email',
  ],
  'fallback-after-in-words': ['3:38: notify.fallback.after: "10 minutes" is not a duration; write 10m'],
  'fallback-a-receiver': [
    '3:13: notify.fallback: "on-call" is a receiver; write one of its channels, such as "on-call/webhook[0]"',
  ],
  'rate-limit-in-words': [
    '3:24: notify.rate_limit.slack: "0 per minute" is not a limit; write one such as 10 per minute or 5 per 30s, or off',
    '3:47: notify.rate_limit.default: "ten a minute" is not a limit; write one such as 10 per minute or 5 per 30s, or off',
  ],
  'rate-limit-of-nobody': [
    '4:24: notify.rate_limit.slakc: "slakc" is not a channel or receiver; did you mean "slack"?',
    "4:49: notify.rate_limit.pagerduty: pagerduty has an incident for each group, so messages can't become one; remove it",
  ],
  'escalation-of-nobody': [
    '5:5: notify.escalation.critcal: "critcal" is nobody who is told at first; did you mean "critical"?',
    '6:5: notify.escalation.low: "low" tells nobody at first, and steps count from then; tell somebody, or remove it',
    '6:30: notify.escalation.low[0].to[0]: "sms" is nobody who can be told; there are: slack',
    '7:50: notify.escalation.high[1].after: is not later than the step before; put the steps in the order of their times',
  ],
  'escalation-in-words': [
    '4:15: notify.escalation.critical: is not a list of steps; write [{ after: 10m, to: [sms] }]',
    '5:12: notify.escalation.high[0]: is not a step; write { after: 10m, to: [sms] }',
    '6:23: notify.escalation.medium[0].after: "soon" is not a duration; write a number with its unit, such as 30s',
    '6:33: notify.escalation.medium[0].to: is not a list; write [sms]',
  ],
  'sms-without-an-account': [
    '2:8: notify.sms: has no account; write sms: {to: "+4915112345678", from: "+15005550006", account: AC…, token: ${TWILIO_AUTH_TOKEN}}',
  ],
  'sms-numbers': [
    '3:9: notify.sms.to: "0151 2345678" is not a telephone number; write it with a plus, the country\'s code and no spaces, such as "+4915112345678"',
    '4:11: notify.sms.from: "a sender with a long name" is not a sender; write a number of the account, such as "+15005550006", a name of up to 11 letters and digits, or the SID of a messaging service (MG…)',
    '5:14: notify.sms.account: "SK123" is not the SID of a Twilio account; it is AC and 32 hexadecimal digits',
    '7:12: notify.sms.proxy: is not the URL of an HTTP proxy; write http://proxy.example.org:3128',
  ],
  'pagerduty-severity': [
    '2:29: notify.pagerduty.routing_key: is not a routing key; write the integration key of an Events API v2 integration, ${PAGERDUTY_ROUTING_KEY}',
    "2:52: notify.pagerduty.severity: is none of PagerDuty's severities; write one of critical, error, warning, info",
  ],
  'webhook-secret': [
    '2:19: notify.webhook.url: has a user or a password in it; write basic_auth: {username: …, password: …}',
    '2:68: notify.webhook.secret: does not begin with whsec_ and go on as base64; make one with: echo "whsec_$(openssl rand -base64 32)"',
    '2:89: notify.webhook.max_alerts: is not a whole number; write 0 for all alerts',
  ],
  'webhook-authorization': [
    '2:66: notify.webhook.headers: there is more than one Authorization; write one of basic_auth, bearer_token and the header',
  ],
  'channel-template': [
    '2:68: notify.slack.title: can\'t be read at 1:1: this {{ is not closed with }}; write a text such as "{{ .Status }}: {{ .CommonLabels.alertname }}"',
  ],
  'event-type': [
    `1:54: events.types[0]: "alert.fired" is not one of ${EVENT_TYPES.join(', ')}; did you mean "alert.firing"?`,
  ],
  'events-not-a-url': ['1:9: events: is not a URL; write the webhook, https://hooks.example.org/alerts'],
  'channel-unknown': [
    '3:36: notify.by_severity.critical[1]: "teams" is not a channel; the channels are: slack, email, sms, pagerduty, webhook',
  ],
  'check-key-unknown': ['4:5: checks[0].evrey: is not a key of checks[0]; did you mean "every"?'],
  'check-name-reserved': [
    '2:13: checks[0].name: "midwatch-disk" begins with midwatch-, as the checks that midwatch makes of itself; write another name',
  ],
  'check-name-twice': ['6:11: checks[2].name: "shop" is the name of checks[0] in line 2 already; write another name'],
  'check-name-with-a-space': [
    '2:11: checks[0].name: "Web Shop (Köln)" can\'t stand in an address; write "Web-Shop-Koln"',
  ],
  'check-not-a-map': [
    '2:5: checks[0]: is not a check; write keys such as {name: shop, http: https://shop.example.org}',
  ],
  'check-of-an-unknown-kind': [
    `3:5: checks[0].htpp: is not a kind of check; did you mean "http"? The kinds are ${kinds}`,
  ],
  'check-of-two-kinds': [
    '4:5: checks[0].postgres: a check does one thing, and this one has http already; write two checks',
  ],
  'check-target-missing': ['3:5: checks[0].http: is missing; write https://shop.example.org/health'],
  'check-target-without-scheme': [
    '2:25: checks[0].http: "shop.example.org/health" is not a URL; write https://shop.example.org/health',
  ],
  'check-with-words-of-others': [
    `3:5: checks[0].url: is not a kind of check; did you mean "http"? The kinds are ${kinds}`,
    `5:5: checks[1].postgresql: is not a kind of check; did you mean "postgres"? The kinds are ${kinds}`,
    '6:5: checks[1].interval: is not a key of checks[1]; did you mean "every"?',
  ],
  'check-without-kind': [`2:5: checks[0]: has nothing to do; write one of ${kinds}`],
  'check-without-name': [
    '2:5: checks[0].name: is missing; write letters, digits, dots, hyphens and underscores, such as web-shop',
  ],
  'checks-as-a-map': ['1:1: checks: is not a list; write a line with "- name: …" for each check'],
  'concurrency-zero': ['2:16: probes.concurrency: 0 is out of range; write a whole number from 1 to 10000'],
  'critical-yes': ['4:15: checks[0].critical: "yes" is not a switch; write true or false'],
  'connectivity-faults': [
    '2:12: connectivity.any_of[0]: "1.1.1.1" has no port; write host:port, such as 1.1.1.1:53',
    '2:23: connectivity.any_of[1]: "https://example.org" is a URL; write only host:port, such as 1.1.1.1:53',
    '2:46: connectivity.any_of[2]: "9.9.9.9:99999" has no port from 1 to 65535; write host:port, such as dns:9.9.9.9',
  ],
  'connectivity-timeout-longer-than-every': [
    '1:59: connectivity.timeout: is longer than every (5s); write at most that, or a longer every',
  ],
  'maintenance-faults': [
    '4:5: maintenance[0]: does not say what it is for; write checks: [shop], categories: [database], matchers: [\'team="shop"\'] or everything: true',
    '5:40: maintenance[1].for: is not shorter than the time from one window to the next (1d): it would never end',
    '6:41: maintenance[2].from: means nothing beside cron, which says when it begins; remove one of them',
    '7:48: maintenance[3].to: is not after from (2026-12-01T20:00:00.000Z); write a later time',
    '8:75: maintenance[4].for: stands beside to, and only one of them can count; remove one',
    '9:22: maintenance[5].from: "tomorrow" is not a time; write one such as 2026-12-01T20:00:00+01:00',
    '10:22: maintenance[6].from: "2026-02-30T20:00:00Z" is not a time; write one such as 2026-12-01T20:00:00+01:00',
    '11:56: maintenance[7].everything: stands beside a narrower scope; remove one of them',
    '12:13: maintenance[8].name: "h" is the name of maintenance[7] already; write another name',
    '12:53: maintenance[8].checks[0]: "shpo" is not the name of a check; did you mean "shop"?',
    '12:73: maintenance[8].categories[0]: "wbe" is the category of no check; there are midwatch, web',
    '12:90: maintenance[8].matchers[0]: "team==\\"a\\"" is not a matcher; write team="a"',
    '13:5: maintenance[9].name: is missing; write letters, digits, dots, hyphens and underscores, such as web-shop',
    '13:43: maintenance[9].checks: is not a list; write [shop]',
    '13:49: maintenance[9].schedule: is not a key of maintenance[9]; the keys here are: name, cron, timezone, from, to, for, checks, categories, matchers, everything, comment',
  ],
  'cron-out-of-range': [
    '2:9: evaluation.cron: "61 * * * *" is not a cron line: Invalid value for minute: 61; write one such as "0 3 * * *"',
  ],
  'cron-that-never-comes': ['2:9: evaluation.cron: "0 0 31 2 *" never comes; write a date that exists'],
  'cron-with-a-strange-field': [
    '2:9: evaluation.cron: "0 3 L * *" has the field "L"; write numbers, *, lists, ranges and steps, such as "*/5 8-18 * * MON-FRI"',
  ],
  'cron-with-four-fields': [
    '2:9: evaluation.cron: "*/5 * * *" has 4 fields; write five (minute first) or six (second first), such as "0 3 * * *"',
  ],
  'depends-on-in-a-circle': [
    '10:18: checks[2].depends_on[0]: closes a circle: shop → database → disk → shop; remove one of these dependencies',
  ],
  'depends-on-itself': ['4:18: checks[0].depends_on[0]: "shop" is this check itself; remove it'],
  'depends-on-nothing-known': [
    '4:18: checks[0].depends_on[0]: "databse" is not the name of a check; did you mean "database"?',
    '4:27: checks[0].depends_on[1]: "cache" is not the name of a check; write the name of a check of this config',
  ],
  'email-not-an-address': ['2:37: notify.email.to[1]: "second" is not an e-mail address; write oncall@example.org'],
  'email-server-not-a-url': [
    '2:42: notify.email.smtp: is not a mail server; write smtps://user:password@mail.example.org',
  ],
  'email-without-a-server': [
    '2:10: notify.email: has no mail server; write email: {to: oncall@example.org, smtp: "smtps://user:password@mail.example.org"}',
  ],
  'every-with-a-space': ['4:12: checks[0].every: "30 s" is not a duration; write 30s'],
  'every-without-unit': ['4:12: checks[0].every: "30" is not a duration; write 30s'],
  'external-url-with-query': [
    '2:17: server.external_url: "https://example.org/watch?team=1" has a ? or # part; write https://example.org/watch',
  ],
  'external-url-without-scheme': [
    '2:17: server.external_url: "watch.example.org" is not a URL; write https://watch.example.org',
  ],
  'heartbeat-that-asks': [
    '4:5: checks[0].every: means nothing for a heartbeat, which is told and never asks; remove it',
  ],
  'heartbeat-timezone-without-cron': [
    '3:40: checks[0].heartbeat.timezone: means nothing beside period; remove it, or write cron instead of period',
  ],
  'heartbeat-with-two-schedules': [
    '3:36: checks[0].heartbeat.cron: stands beside period, and only one of them can count; remove one',
  ],
  'heartbeat-without-schedule': [
    '3:5: checks[0].heartbeat: has neither period nor cron; write {period: 1d, grace: 1h} or {cron: "0 3 * * *", grace: 30m}',
  ],
  'key-of-another-file': [
    '1:1: slos: is not a key of the config; SLOs have files of their own; write slo_files: [slos/*.yml]',
    '3:1: kpis: is not a key of the config; KPIs have a file of their own; write kpi_files: [kpis.yml]',
    '4:1: groups: is not a key of the config; rules have files of their own; write rule_files: [rules/*.yml]',
  ],
  'key-of-another-part': ['3:3: server.retention: is not a key of server; did you mean storage.retention?'],
  'key-of-another-program': [
    '3:3: global.evaluation_interval: is not a key of global; write evaluation.cron, such as "*/15 * * * * *"',
  ],
  'key-twice': ['4:1: "log" is there twice in this map, first in line 1'],
  'label-name-with-a-hyphen': [
    '5:7: checks[0].labels.cost-center: is not a label name; write letters, digits and underscores, such as "cost_center"',
  ],
  'label-reserved': [
    '4:15: checks[0].labels.job: is a label that midwatch sets itself; write another name, such as "my_job"',
    '4:26: checks[0].labels.__team: is a label that midwatch sets itself; write another name, such as "my_team"',
  ],
  'limit-in-quotes': ['2:21: storage.limits.series: "500000" is a text; write 500000 without quotes'],
  'limit-not-whole': [
    '2:32: storage.limits.series_per_metric: 0.5 is out of range; write a whole number from 1 to 100000000',
  ],
  'listen-ipv6-without-brackets': ['2:11: server.listen: "::1" is not an address to listen on; write [::1]:8420'],
  'listen-port-too-large': [
    '2:11: server.listen: "127.0.0.1:84200" is not an address to listen on; write a port from 0 to 65535, such as 127.0.0.1:8420',
  ],
  'listen-without-host': [
    '2:11: server.listen: "8420" is not an address to listen on; write :8420 for every address, or 127.0.0.1:8420',
  ],
  'log-level-unknown': [
    '2:10: log.level: "verbose" is not one of trace, debug, info, warn, error, fatal, silent; write one of these',
  ],
  'not-a-map': ['1:1: is not a config; write keys such as "checks:"'],
  'part-not-a-map': ['1:10: storage: is a text; write keys with their values'],
  'permission-unknown': ['1:9: allow[0]: "scripts" is not known here; write script'],
  'public-part-unknown': [
    '2:21: server.public[1]: "health" is not known here; write metrics',
    '2:29: server.public[2]: "metrcis" is not known here; write metrics',
  ],
  'retention-in-words': ['2:21: storage.retention.raw: "35 days" is not a duration; write 35d'],
  'retention-raw-longer-than-rollup': [
    '3:10: storage.retention.raw: is longer than rollup (400d), which is made of it; write at most 400d, or a longer rollup',
  ],
  'retention-rollup-shorter-than-default-raw': [
    '3:13: storage.retention.rollup: is shorter than raw (35d), of which it is made; write at least 35d, or a shorter raw',
  ],
  'rule-files-as-a-text': ['1:13: rule_files: is not a list; write [rules/*.yml]'],
  'runbook-not-a-url': ['4:14: checks[0].runbook: "docs/shop.md" is not a URL; write https://wiki.example.org/shop'],
  'scope-unknown': [
    '3:74: server.tokens[0].scopes[0]: "raed" is not one of read, ingest, admin; did you mean "read"?',
    '3:80: server.tokens[0].scopes[1]: "write" is not one of read, ingest, admin; write one of these',
  ],
  'scrape-key-of-prometheus': [
    '4:5: scrape_configs[0].oauth2: oauth2 is a key of Prometheus that midwatch does not have; fetch a token by a script into a file and write authorization: {credentials_file: …}',
  ],
  'script-not-allowed': [
    '3:5: checks[0].script: starts a program, which is not allowed; write allow: [script] at the top of the config',
  ],
  'several-at-once': [
    '2:11: server.listen: "8420" is not an address to listen on; write :8420 for every address, or 127.0.0.1:8420',
    '6:12: checks[0].every: "30 s" is not a duration; write 30s',
    '7:15: checks[0].critical: "yes" is not a switch; write true or false',
    '10:5: checks[1].timout: is not a key of checks[1]; did you mean "timeout"?',
    '12:10: notify.slack: the variable NO_SUCH_WEBHOOK is not set; set it or give a default: ${NO_SUCH_WEBHOOK:-…}',
    '13:36: notify.by_severity.critical[1]: "teams" is not a channel; the channels are: slack, email, sms, pagerduty, webhook',
    '14:8: log.levle: is not a key of log; did you mean "level"?',
  ],
  'severity-unknown': [
    '3:18: notify.by_severity.critcal: is not a key of notify.by_severity; did you mean "critical"?',
  ],
  'shipped-rules-as-a-list': [
    '1:1: shipped_rules: is neither a switch nor keys; write true, false or {disable: [CheckDown]}',
  ],
  'slack-not-a-webhook': [
    '2:10: notify.slack: is not a URL; write the incoming webhook, https://hooks.slack.com/services/…',
  ],
  'slack-without-a-webhook': ['2:3: notify.slack.url: is missing; write https://hooks.slack.com/services/…'],
  'tab-as-indent': ['2:1: a tab can’t indent; write spaces'],
  'timeout-longer-than-every': [
    '5:14: checks[0].timeout: is longer than every (10s); write at most that, or a longer every',
  ],
  'timezone-unknown': [
    '1:44: evaluation.timezone: "Europe/Berlyn" is not a time zone; write one such as Europe/Berlin',
  ],
  'token-file-missing': ["4:19: server.tokens[0].token_file: no-such-file can't be read: there is no such file"],
  'token-missing': [
    '3:7: server.tokens[0].token: is missing; write the secret in quotes, or take it from the environment',
  ],
  'token-name-twice': [
    '4:15: server.tokens[1].name: "grafana" is the name of server.tokens[0] already; write another name',
  ],
  'token-too-short': [
    '3:31: server.tokens[0].token: is shorter than 16 characters; make one with: openssl rand -hex 32',
  ],
  'token-twice': ['5:7: server.tokens[0].token_file: stands beside token, and only one of them can count; remove one'],
  'trusted-proxy-not-a-range': [
    '2:33: server.trusted_proxies[1]: "proxy.example.org" is not an address range; write 10.0.0.0/8, fd00::/8 or a single address',
  ],
  'unknown-key-in-a-part': ['2:3: server.lissten: is not a key of server; did you mean "listen"?'],
  'unknown-key': ['2:1: chekcs: is not a key of the config; did you mean "checks"?'],
  'variable-in-a-default': [
    '2:10: log.level: the default of ${LEVEL} holds another variable; write a plain text there',
  ],
  'variable-not-set': [
    '2:10: notify.slack: the variable NO_SUCH_WEBHOOK is not set; set it or give a default: ${NO_SUCH_WEBHOOK:-…}',
  ],
  'variable-without-a-name': [
    '2:10: notify.slack: has a ${ that begins no variable; write ${NAME} or ${NAME:-default}, or $${ for a plain ${',
  ],
}

test('every file with a mistake has its message here', () => {
  const files = readdirSync(folder).map((file) => file.replace(/\.yml$/, ''))
  expect(files.sort()).toEqual(Object.keys(expected).sort())
})

test.each(Object.entries(expected))(
  'says what is wrong with %s, where, and what to write instead',
  (mistake, messages) => {
    const { config, problems } = loadConfig({ file: `${folder}${mistake}.yml`, env: {} })
    expect(config).toBeUndefined()
    expect(problems.map((problem) => formatProblem({ ...problem, file: mistake }))).toEqual(
      messages.map((message) => `${mistake}:${message}`),
    )
  },
)
