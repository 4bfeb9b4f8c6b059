import { Labels } from '../../../src/model/labels.ts'
import type { StoredEvent } from '../../../src/store/alert-events.ts'
import type { Episode } from '../../../src/store/episodes.ts'
import type { AlertStory } from '../../../src/web/alerts/story.ts'
import type { AlertPageView } from '../../../src/web/page/alert.tsx'
import type { HistoryPageView } from '../../../src/web/page/alerts-page.tsx'
import { nowMs } from './views.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H
const ID = '5d394e804b44d651'

function event(agoMs: number, kind: string, detail: string, given: Partial<StoredEvent> = {}): StoredEvent {
  const atMs = nowMs - agoMs
  return { fingerprint: ID, atMs, kind, detail, subject: '', lastMs: atMs, times: 1, ...given }
}

const labels = Labels.of({
  alertname: 'ErrorRateHigh',
  severity: 'critical',
  check: 'shop',
  job: 'probe',
  instance: 'https://shop.example.org/health',
})
const condition = { op: '>', bound: 0.1 } as const
const origin = {
  group: 'shop',
  file: 'rules/shop.yml',
  activeAtMs: nowMs - 14 * M,
  value: '0.18',
  peak: '0.42',
  condition,
}

function episode(agoMs: number, spanMs: number, given: Partial<Episode> = {}): Episode {
  const startedMs = nowMs - agoMs
  return {
    fingerprint: ID,
    labels,
    annotations: {},
    startedMs,
    endedMs: startedMs + spanMs,
    origin,
    last: origin,
    ...given,
  }
}

/** An alert at night: slack was told, the mail server takes nothing, and somebody silenced it for the team of the day. */
export const story: AlertStory = {
  fingerprint: ID,
  labels,
  annotations: {
    summary: '18 % of the orders of shop fail',
    description: 'Of 240 orders within 5 minutes 43 failed (threshold 10 %).',
    runbook_url: 'docs/runbooks/check-down.md',
  },
  state: 'firing',
  activeMs: nowMs - 14 * M,
  firingMs: nowMs - 12 * M,
  endedMs: undefined,
  value: 0.18,
  peak: 0.42,
  condition,
  rule: {
    group: { name: 'shop', file: 'rules/shop.yml', intervalMs: undefined, queryOffsetMs: 0, limit: 0, rules: [] },
    rule: {
      kind: 'alerting',
      alert: 'ErrorRateHigh',
      expr: 'sum by (check) (rate(orders_total{outcome="failure"}[5m])) / sum by (check) (rate(orders_total[5m])) > 0.1',
      forMs: 2 * M,
      keepFiringForMs: 0,
      labels: {},
      annotations: {},
    },
    condition,
    health: 'ok',
    lastError: undefined,
    lastEvaluationMs: nowMs - 4 * S,
  },
  check: {
    name: 'shop',
    status: 'unhealthy',
    critical: true,
    category: 'application',
    sinceMs: nowMs - 14 * M,
    lastRunMs: nowMs - 8 * S,
    lastSuccessMs: nowMs - 14 * M,
    latencyMs: 1204,
    reason: 'status',
    phase: 'processing',
    message: '503 Service Unavailable instead of 2xx; the body begins with {"error":"pool exhausted"}',
    details: {},
  },
  traceIds: ['4bf92f3577b34da6a3ce929d0e0e4736', '0af7651916cd43dd8448eb211c80319c'],
  acknowledgement: {
    fingerprint: ID,
    startsAtMs: nowMs - 12 * M,
    atMs: nowMs - 4 * M,
    endsAtMs: nowMs + 4 * H,
    by: 'maya',
    reason: 'looking at the pool',
  },
  routes: [
    {
      receiver: 'on-call',
      path: ['default-route', '{severity="critical"}'],
      groupKey: '{}/{severity="critical"}:{alertname="ErrorRateHigh"}',
      groupLabels: Labels.of({ alertname: 'ErrorRateHigh' }),
      groupWaitMs: 10 * S,
      groupIntervalMs: M,
      repeatIntervalMs: 4 * H,
      nextLookMs: nowMs + 40 * S,
      held: undefined,
      channels: [
        {
          channel: 'slack',
          toldMs: nowMs - 12 * M,
          nextMs: undefined,
          reason: 'not repeated, since all that fires is acknowledged',
        },
        { channel: 'email', toldMs: nowMs - 12 * M, nextMs: nowMs + 4 * H, reason: 'repeat interval elapsed' },
      ],
      steps: [{ afterMs: 15 * M, channels: ['sms'], toldMs: undefined, dueMs: nowMs + 3 * M }],
      owed: new Map([
        [
          'email',
          [
            {
              createdMs: nowMs - 12 * M,
              attempts: 17,
              nextTryMs: nowMs + 26 * S,
              lastError: 'mail server mail.example.org:587: connection refused',
            },
          ],
        ],
      ]),
    },
    {
      receiver: 'shop-team',
      path: ['default-route', '{check=~"shop|stock"}'],
      groupKey: '{}/{check=~"shop|stock"}:{}',
      groupLabels: Labels.empty,
      groupWaitMs: 30 * S,
      groupIntervalMs: 5 * M,
      repeatIntervalMs: 4 * H,
      nextLookMs: nowMs + 3 * M,
      held: {
        by: 'silenced',
        reason: 'silenced by anna until 2026-03-12 08:00:00 UTC: nobody is there at night (6f1d2c3b)',
      },
      channels: [
        {
          channel: 'shop-team/slack[0]',
          toldMs: undefined,
          nextMs: nowMs + 5 * H + 13 * M,
          reason: 'first notification',
        },
      ],
      steps: [],
      owed: new Map(),
    },
  ],
  events: [
    event(D + 2 * H, 'pending', 'the expression holds, value 0.14 (threshold > 0.1); it fires after 120 s'),
    event(D + 2 * H - M, 'forgotten', 'the expression stopped holding before the waiting time was over'),
    event(14 * M, 'pending', 'the expression holds, value 0.18 (threshold > 0.1); it fires after 120 s'),
    event(12 * M, 'firing', 'the expression has held for 120 s, value 0.42 (threshold > 0.1)'),
    event(
      12 * M,
      'grouped',
      'in group {}/{severity="critical"}:{alertname="ErrorRateHigh"} for on-call; looked at in 10 s',
    ),
    event(12 * M - 10 * S, 'queued', 'for slack: first notification', { subject: 'channel/slack' }),
    event(12 * M - 10 * S, 'queued', 'for email: first notification', { subject: 'channel/email' }),
    event(12 * M - 11 * S, 'delivered', 'by slack in 240 ms, attempt 1', { subject: 'channel/slack' }),
    event(12 * M - 11 * S, 'attempt-failed', 'email: mail server mail.example.org:587: connection refused', {
      subject: 'channel/email',
      times: 17,
      lastMs: nowMs - 34 * S,
    }),
    event(11 * M, 'silenced', 'silenced by anna until 2026-03-12 08:00:00 UTC: nobody is there at night (6f1d2c3b)', {
      subject: 'silence/6f1d2c3b',
      times: 3,
      lastMs: nowMs - 2 * M,
    }),
    event(10 * M, 'inhibited', 'inhibited by {alertname="DatabaseDown"} (af90b7bec0c95108)', {
      subject: 'alert/af90b7bec0c95108',
    }),
    event(4 * M, 'acknowledged', 'by maya until 2026-03-12 06:47:20 UTC: looking at the pool'),
    event(3 * M, 'somebody-invented-this', 'a kind of a later version'),
  ],
  episodes: [
    episode(12 * M, 0, { endedMs: undefined, last: undefined }),
    episode(2 * D, 26 * M, { last: { ...origin, peak: '0.31' } }),
    episode(9 * D, 3 * H),
  ],
  episodeCount: 14,
}

export const alertPage: AlertPageView = {
  story,
  allEvents: false,
  jsonUrl: `https://watch.example.org/api/v1/alerts/${ID}/timeline`,
  needsToken: true,
}

/** Of an alert that is over: nothing is known but what is kept. */
export const gonePage: AlertPageView = {
  ...alertPage,
  story: {
    ...story,
    state: 'gone',
    endedMs: nowMs - 2 * D + 26 * M,
    firingMs: nowMs - 2 * D,
    rule: undefined,
    check: undefined,
    traceIds: [],
    acknowledgement: undefined,
    routes: story.routes.map((route) => ({
      ...route,
      nextLookMs: undefined,
      held: undefined,
      owed: new Map(),
      steps: [],
      channels: route.channels.map(({ channel }) => ({
        channel,
        toldMs: undefined,
        nextMs: undefined,
        reason: 'it does not fire',
      })),
    })),
    episodes: story.episodes.slice(1),
  },
}

/** Nothing but two decisions: it never fired. */
export const neverPage: AlertPageView = {
  ...alertPage,
  story: {
    ...gonePage.story,
    labels: Labels.empty,
    annotations: {},
    value: undefined,
    peak: undefined,
    condition: undefined,
    activeMs: undefined,
    firingMs: undefined,
    endedMs: undefined,
    routes: [],
    events: story.events.slice(0, 2),
    episodes: [],
    episodeCount: 0,
  },
}

export const historyPage: HistoryPageView = {
  episodes: [
    ...story.episodes,
    ...Array.from({ length: 20 }, (_, i) =>
      episode((i + 3) * D, (i + 1) * 7 * M, {
        labels: Labels.of({
          alertname: ['CheckDown', 'QueueBacklog'][i % 2] ?? '',
          severity: i % 3 === 0 ? 'low' : 'high',
          check: `service-${i}`,
        }),
      }),
    ),
  ],
  total: 10_000,
  totalIs: 'at_least',
  filter: { alertname: '', severity: '', fingerprint: '', since: '30d' },
  pageNumber: 2,
  pageSize: 50,
  jsonUrl: 'https://watch.example.org/api/v1/alerts/history?page_size=50',
  needsToken: false,
}

/** The same story with one text wherever somebody else may have written one. */
export function storyWith(text: string): AlertStory {
  const { check, rule, acknowledgement } = story
  const given = Labels.of({ alertname: text, severity: text, check: text, [text]: text })
  return {
    ...story,
    fingerprint: text,
    labels: given,
    annotations: { summary: text, description: text, runbook_url: text },
    traceIds: [text],
    ...(check === undefined ? {} : { check: { ...check, name: text, message: text, phase: text } }),
    ...(acknowledgement === undefined ? {} : { acknowledgement: { ...acknowledgement, by: text, reason: text } }),
    ...(rule?.rule === undefined
      ? {}
      : {
          rule: {
            ...rule,
            group: { ...rule.group, name: text, file: text },
            rule: { ...rule.rule, expr: text },
            lastError: text,
          },
        }),
    routes: story.routes.map((route) => ({
      ...route,
      receiver: text,
      path: [text, text],
      groupKey: text,
      groupLabels: given,
      held: { by: 'silenced', reason: text },
      channels: [{ channel: text, toldMs: nowMs, nextMs: nowMs, reason: `${text} ` }],
      steps: [{ afterMs: M, channels: [text], toldMs: undefined, dueMs: nowMs }],
      owed: new Map([[text, [{ createdMs: nowMs, attempts: 1, nextTryMs: nowMs, lastError: text }]]]),
    })),
    events: [
      event(M, text, text, { subject: `alert/${text}`, times: 3 }),
      event(S, text, text, { subject: `check/${text}` }),
    ],
    episodes: story.episodes.map((one) => ({ ...one, labels: given })),
  }
}

const endless = 'x'.repeat(600)

/** All that a name or a label may hold, at lengths that break a layout. */
export const unkindPage: AlertPageView = {
  ...alertPage,
  story: storyWith(`"><img src=x onerror=alert(1)> \u202egnp.exe ${endless}`),
}
