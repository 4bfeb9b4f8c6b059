/** A configuration that Alertmanager refuses, and what midwatch says of it: where, what, and what to write instead. */
export interface Broken {
  readonly name: string
  /** Alertmanager's file; midwatch has it under `alertmanager:`. */
  readonly text: string
  /** What is said, with line and column of the text above. */
  readonly says: string | readonly string[]
}

/** A whole file around a part that is broken. */
export function withRoute(lines: string): string {
  return `route:
  receiver: team
  routes:
    - receiver: team
${lines.replace(/^/gm, '      ')}
receivers:
  - name: team
`
}

export function withReceiver(lines: string, global = ''): string {
  return `${global}route:
  receiver: team
receivers:
  - name: team
${lines.replace(/^/gm, '    ')}
`
}

export function withInterval(lines: string): string {
  return `route:
  receiver: team
receivers:
  - name: team
time_intervals:
  - name: some
    time_intervals:
      - ${lines}
`
}

export const broken: readonly Broken[] = [
  {
    name: 'an unknown key at the top',
    text: 'rout:\n  receiver: team\n',
    says: '1:1: alertmanager.rout: is not a key of alertmanager; did you mean "route"?',
  },
  {
    name: 'an unknown key of a route',
    text: withRoute('group-wait: 1s'),
    says: '5:7: alertmanager.route.routes[0].group-wait: is not a key of alertmanager.route.routes[0]; did you mean "group_wait"?',
  },
  {
    name: 'receivers without a route',
    text: 'receivers:\n  - name: team\n',
    says: '1:1: alertmanager.receivers: stand there without a route, so nobody is told by them; write alertmanager.route: {receiver: …}',
  },
  {
    name: 'a root without a receiver',
    text: 'route:\n  group_wait: 1s\nreceivers:\n  - name: team\n',
    says: '1:1: alertmanager.route: has no receiver; write who is told of what no other route takes',
  },
  {
    name: 'a receiver that is not there',
    text: withRoute('routes:\n  - receiver: taem'),
    says: '6:21: alertmanager.route.routes[0].routes[0].receiver: "taem" is not a receiver; did you mean "team"?',
  },
  {
    name: 'matchers on the root',
    text: 'route:\n  receiver: team\n  matchers: [a="b"]\nreceivers:\n  - name: team\n',
    says: '3:3: alertmanager.route.matchers: is on the first route, which takes every alert; put it on a route inside of routes',
  },
  {
    name: 'match on the root',
    text: 'route:\n  receiver: team\n  match: {a: b}\nreceivers:\n  - name: team\n',
    says: '3:3: alertmanager.route.match: is on the first route, which takes every alert; put it on a route inside of routes',
  },
  {
    name: 'continue on the root',
    text: 'route:\n  receiver: team\n  continue: yes\nreceivers:\n  - name: team\n',
    says: '3:13: alertmanager.route.continue: is on the first route, behind which there is none; remove it',
  },
  {
    name: 'mute times on the root',
    text: 'route:\n  receiver: team\n  mute_time_intervals: [some]\nreceivers:\n  - name: team\ntime_intervals:\n  - name: some\n    time_intervals: []\n',
    says: '3:3: alertmanager.route.mute_time_intervals: is on the first route, which always tells; put it on a route inside of routes',
  },
  {
    name: 'two receivers of one name',
    text: 'route:\n  receiver: team\nreceivers:\n  - name: team\n  - name: team\n',
    says: '5:11: alertmanager.receivers[1].name: "team" is the name of receivers[0] already; write another name',
  },
  {
    name: 'a matcher without an operator',
    text: withRoute('matchers: [severity]'),
    says: '5:18: alertmanager.route.routes[0].matchers[0]: "severity" is not a matcher; write a name, one of = != =~ !~ and a value in quotes, such as severity="critical"',
  },
  {
    name: 'a matcher as a key',
    text: withRoute('matchers:\n  - severity: critical'),
    says: `6:11: alertmanager.route.routes[0].matchers[0]: is no text; write a matcher in quotes, such as 'severity="critical"'`,
  },
  {
    name: 'a matcher with an open quote',
    text: withRoute(`matchers: ['severity="critical']`),
    says: '5:18: alertmanager.route.routes[0].matchers[0]: "severity=\\"critical" has a quote that is not closed; write severity="critical"',
  },
  {
    name: 'a matcher whose pattern RE2 refuses',
    text: withRoute(`matchers: ['severity=~"(critical"']`),
    says: '5:18: alertmanager.route.routes[0].matchers[0]: "(critical" is not a regular expression that RE2 accepts: error parsing regexp: missing closing ): `(critical`; write one such as "a|b"',
  },
  {
    name: 'a look-ahead, which RE2 has not',
    text: withRoute('match_re: {service: "(?!shop).*"}'),
    says: '5:27: alertmanager.route.routes[0].match_re.service: "(?!shop).*" is not a regular expression that RE2 accepts: error parsing regexp: invalid or unsupported Perl syntax: `(?!`; write one such as "shop|pay"',
  },
  {
    name: 'a pattern that is not there',
    text: withRoute('match_re:\n  service:'),
    says: '6:9: alertmanager.route.routes[0].match_re.service: is empty; write a pattern such as "shop|pay"',
  },
  {
    name: 'match with a name that is none',
    text: withRoute('match: {1a: b}'),
    says: '5:19: alertmanager.route.routes[0].match.1a: "1a" is not a label name; write letters, digits and underscores, not beginning with a digit',
  },
  {
    name: 'a label twice in group_by',
    text: withRoute('group_by: [a, b, a]'),
    says: '5:24: alertmanager.route.routes[0].group_by[2]: "a" stands there twice; remove one',
  },
  {
    name: 'all labels and one more in group_by',
    text: withRoute(`group_by: ['...', a]`),
    says: '5:7: alertmanager.route.routes[0].group_by: has `...`, which is all labels, beside others; write one or the other',
  },
  {
    name: 'group_by that is no list',
    text: withRoute('group_by: alertname'),
    says: '5:17: alertmanager.route.routes[0].group_by: is not a list; write label names such as [alertname]',
  },
  {
    name: 'a duration without a unit',
    text: withRoute('group_wait: 30'),
    says: '5:19: alertmanager.route.routes[0].group_wait: "30" is not a duration; write 30s',
  },
  {
    name: 'a group interval of zero',
    text: withRoute('group_interval: 0s'),
    says: "5:23: alertmanager.route.routes[0].group_interval: can't be zero; write a duration such as 5m",
  },
  {
    name: 'a repeat interval of zero',
    text: withRoute('repeat_interval: 0'),
    says: "5:24: alertmanager.route.routes[0].repeat_interval: can't be zero; write a duration such as 4h",
  },
  {
    name: 'continue that is no switch',
    text: withRoute('continue: 1'),
    says: '5:17: alertmanager.route.routes[0].continue: "1" is not a switch; write true or false',
  },
  {
    name: 'a time interval that is not there',
    text: withRoute('mute_time_intervals: [offhours]'),
    says: '5:29: alertmanager.route.routes[0].mute_time_intervals[0]: "offhours" is not a time interval; write one under time_intervals',
  },
  {
    name: 'two time intervals of one name',
    text: 'route:\n  receiver: team\nreceivers:\n  - name: team\ntime_intervals:\n  - name: a\n    time_intervals: []\nmute_time_intervals:\n  - name: a\n    time_intervals: []\n',
    says: '6:11: alertmanager.time_intervals[0].name: "a" is the name of another time interval already; write another name',
  },
  {
    name: 'a time interval without a name',
    text: 'route:\n  receiver: team\nreceivers:\n  - name: team\ntime_intervals:\n  - time_intervals: []\n',
    says: '6:5: alertmanager.time_intervals[0].name: is missing; write a text',
  },
  {
    name: 'a time that is none',
    text: withInterval(`times: [{start_time: '9:00', end_time: '17:00'}]`),
    says: `8:30: alertmanager.time_intervals[0].time_intervals[0].times[0].start_time: "9:00" is not a time; write hours and minutes, such as '09:00' or '24:00'`,
  },
  {
    name: 'a time that goes over midnight',
    text: withInterval(`times: [{start_time: '22:00', end_time: '06:00'}]`),
    says: '8:17: alertmanager.time_intervals[0].time_intervals[0].times[0]: ends before it starts; write two ranges where one goes over midnight: one until 24:00, one from 00:00',
  },
  {
    name: 'a time without an end',
    text: withInterval(`times: [{start_time: '22:00'}]`),
    says: "8:17: alertmanager.time_intervals[0].time_intervals[0].times[0].end_time: is missing; write '09:00'",
  },
  {
    name: 'weekdays that go over the weekend',
    text: withInterval(`weekdays: ['friday:monday']`),
    says: `8:20: alertmanager.time_intervals[0].time_intervals[0].weekdays[0]: "friday:monday" ends before it starts; write 'monday:friday'`,
  },
  {
    name: 'a weekday that is none',
    text: withInterval(`weekdays: ['mon']`),
    says: `8:20: alertmanager.time_intervals[0].time_intervals[0].weekdays[0]: "mon" is not a range; write 'monday:friday'`,
  },
  {
    name: 'a day of the month that is none',
    text: withInterval(`days_of_month: ['0']`),
    says: `8:25: alertmanager.time_intervals[0].time_intervals[0].days_of_month[0]: "0" is not a range; write '1:5'`,
  },
  {
    name: 'days of the month from its end to its beginning',
    text: withInterval(`days_of_month: ['-3:2']`),
    says: `8:25: alertmanager.time_intervals[0].time_intervals[0].days_of_month[0]: "-3:2" begins at the end of the month and ends at its beginning; write '1:5'`,
  },
  {
    name: 'a month that is none',
    text: withInterval(`months: ['marz']`),
    says: `8:18: alertmanager.time_intervals[0].time_intervals[0].months[0]: "marz" is not a range; write 'march:may'`,
  },
  {
    name: 'years backwards',
    text: withInterval(`years: ['2027:2026']`),
    says: `8:17: alertmanager.time_intervals[0].time_intervals[0].years[0]: "2027:2026" ends before it starts; write '2026:2027'`,
  },
  {
    name: 'a zone that is none',
    text: withInterval('location: Europe/Bärlin'),
    says: '8:19: alertmanager.time_intervals[0].time_intervals[0].location: "Europe/Bärlin" is not a time zone; write one such as Europe/Berlin',
  },
  {
    name: 'Slack without an address',
    text: withReceiver("slack_configs: [{channel: '#a'}]"),
    says: '5:21: alertmanager.receivers[0].slack_configs[0]: has no api_url, and there is no global slack_api_url; write one of them',
  },
  {
    name: 'Slack with an address that is none',
    text: withReceiver('slack_configs: [{api_url: hooks.slack.com/x}]'),
    says: '5:31: alertmanager.receivers[0].slack_configs[0].api_url: is not a URL; write the incoming webhook, https://hooks.slack.com/services/…',
  },
  {
    name: 'mail without a server and a sender',
    text: withReceiver('email_configs: [{to: a@example.org}]'),
    says: [
      '5:21: alertmanager.receivers[0].email_configs[0]: has no smarthost, and there is no global smtp_smarthost; write one of them',
      '5:21: alertmanager.receivers[0].email_configs[0]: has no from, and there is no global smtp_from; write one of them',
    ],
  },
  {
    name: 'mail to nobody',
    text: withReceiver('email_configs: [{from: a@example.org, smarthost: "mail.example.org:25"}]'),
    says: '5:21: alertmanager.receivers[0].email_configs[0]: has no to; write an address',
  },
  {
    name: 'a mail server without a port',
    text: withReceiver('email_configs: [{to: a@example.org, from: b@example.org, smarthost: mail.example.org}]'),
    says: '5:73: alertmanager.receivers[0].email_configs[0].smarthost: "mail.example.org" is not a mail server with its port; write mail.example.org:587',
  },
  {
    name: 'one header twice',
    text: withReceiver(
      'email_configs: [{to: a@example.org, from: b@example.org, smarthost: "m.example.org:25", headers: {Subject: a, SUBJECT: b}}]',
    ),
    says: '5:124: alertmanager.receivers[0].email_configs[0].headers.SUBJECT: is there twice, with other capitals; remove one',
  },
  {
    name: 'PagerDuty without a key',
    text: withReceiver('pagerduty_configs: [{severity: error}]'),
    says: '5:25: alertmanager.receivers[0].pagerduty_configs[0]: has no routing_key; write the integration key of an Events API v2 integration',
  },
  {
    name: 'a webhook without an address',
    text: withReceiver('webhook_configs: [{max_alerts: 3}]'),
    says: '5:23: alertmanager.receivers[0].webhook_configs[0]: has no url; write one such as https://hooks.example.org/alerts',
  },
  {
    name: 'a webhook with an address of another kind',
    text: withReceiver('webhook_configs: [{url: ftp://hooks.example.org}]'),
    says: '5:29: alertmanager.receivers[0].webhook_configs[0].url: is not a URL; write the webhook, https://hooks.example.org/alerts',
  },
  {
    name: 'two ways to be let in',
    text: withReceiver(
      'webhook_configs: [{url: "http://h.example.org", http_config: {basic_auth: {username: a, password: bcdefg}, bearer_token: abcdefg}}]',
    ),
    says: '5:53: alertmanager.receivers[0].webhook_configs[0].http_config: has more than one of basic_auth, authorization and bearer_token; write one of them',
  },
  {
    name: 'a receiver without a name',
    text: 'route:\n  receiver: team\nreceivers:\n  - name: team\n  - slack_configs: []\n',
    says: '5:5: alertmanager.receivers[1].name: is missing; write a text',
  },
  {
    name: 'an inhibit rule with a matcher that is none',
    text: withReceiver('webhook_configs: []').concat('inhibit_rules:\n  - source_matchers: [a]\n'),
    says: '7:23: alertmanager.inhibit_rules[0].source_matchers[0]: "a" is not a matcher; write a name, one of = != =~ !~ and a value in quotes, such as severity="critical"',
  },
  {
    name: 'an inhibit rule with a name of a label that is none',
    text: withReceiver('webhook_configs: []').concat('inhibit_rules:\n  - source_match: {a-b: c}\n'),
    says: '7:25: alertmanager.inhibit_rules[0].source_match.a-b: "a-b" is not a label name; write letters, digits and underscores, not beginning with a digit',
  },
  {
    name: 'a global duration that is none',
    text: withReceiver('webhook_configs: []', 'global:\n  resolve_timeout: 5 minutes\n'),
    says: '2:20: alertmanager.global.resolve_timeout: "5 minutes" is not a duration; write 5m',
  },
  {
    name: 'an unknown key of global',
    text: withReceiver('webhook_configs: []', 'global:\n  slack_apiurl: http://a.example.org\n'),
    says: '2:3: alertmanager.global.slack_apiurl: is not a key of alertmanager.global; did you mean "slack_api_url"?',
  },
  {
    name: 'several at once',
    text: 'global:\n  resolve_timeout: x\nroute:\n  receiver: teem\n  group_wait: 5\n  routes:\n    - matchers: [a]\n    - mute_time_intervals: [x]\nreceivers:\n  - name: team\n    slack_configs: [{}]\n',
    says: [
      '2:20: alertmanager.global.resolve_timeout: "x" is not a duration; write a number with its unit, such as 30s',
      '4:13: alertmanager.route.receiver: "teem" is not a receiver; did you mean "team"?',
      '5:15: alertmanager.route.group_wait: "5" is not a duration; write 5s',
      '7:18: alertmanager.route.routes[0].matchers[0]: "a" is not a matcher; write a name, one of = != =~ !~ and a value in quotes, such as severity="critical"',
      '8:29: alertmanager.route.routes[1].mute_time_intervals[0]: "x" is not a time interval; write one under time_intervals',
      '11:21: alertmanager.receivers[0].slack_configs[0]: has no api_url, and there is no global slack_api_url; write one of them',
    ],
  },
]
