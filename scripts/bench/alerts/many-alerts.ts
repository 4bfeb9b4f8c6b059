import type { SentAlert } from '../../../src/model/alert.ts'
import { Labels } from '../../../src/model/labels.ts'
import { createMatcher } from '../../../src/model/matcher.ts'
import type { DispatcherOptions } from '../../../src/notify/dispatcher.ts'
import { routeTree } from '../../../src/notify/route.ts'
import { Silences } from '../../../src/notify/silences.ts'
import { dependencyStage, inhibitionStage, silenceStage, timeStage } from '../../../src/notify/stage.ts'
import type { TimeInterval } from '../../../src/notify/time-interval.ts'
import { annotationsOf, labelsOf } from './alert.ts'

export const START_MS = Date.UTC(2026, 0, 1)
export const ALERTS = 10_000

/** As rules hand them over: eight labels and three annotations each. */
export function firing(nowMs: number, count = ALERTS): SentAlert[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: Labels.of(labelsOf(i)),
    annotations: annotationsOf(i),
    startsAtMs: START_MS,
    endsAtMs: nowMs + 4 * 60_000,
    generatorUrl: 'https://watch.example.org/explore',
  }))
}

/** What a team that has used midwatch for a year may have: routes, inhibit rules, silences and mute times of its own. */
export function setUp(): DispatcherOptions {
  const silences = new Silences([])
  for (let i = 0; i < 50; i++) {
    silences.set(
      {
        matchers: [createMatcher('alertname', '=', `Other${i}`), createMatcher('instance', '=~', '10\\.9\\..*')],
        startsAtMs: START_MS,
        endsAtMs: START_MS + 86_400_000,
        createdBy: 'jo',
        comment: 'known',
      },
      START_MS,
    )
  }
  const nights: TimeInterval = {
    name: 'nights',
    windows: [
      {
        times: [{ from: 22 * 60, to: 23 * 60 }],
        weekdays: undefined,
        daysOfMonth: undefined,
        months: undefined,
        years: undefined,
        location: 'Europe/Berlin',
      },
    ],
  }
  const teams = Array.from({ length: 25 }, (_, i) => ({
    receiver: 'team',
    matchers: [createMatcher('team', '=', `team-${i}`)],
    muteTimeIntervals: ['nights'],
  }))
  const inhibitRules = Array.from({ length: 5 }, (_, i) => ({
    source: [createMatcher('severity', '=', 'critical'), createMatcher('zone', '=', `zone-${i}`)],
    target: [createMatcher('severity', '=~', 'medium|low'), createMatcher('zone', '=', 'nowhere')],
    equal: ['alertname', 'region'],
  }))
  return {
    routing: {
      root: routeTree({
        receiver: 'team',
        groupBy: ['alertname'],
        groupWaitMs: 1000,
        groupIntervalMs: 60_000,
        routes: teams,
      }),
      receivers: new Map([['team', [{ channel: 'webhook', sendResolved: true }]]]),
      inhibitRules,
      timeIntervals: new Map([['nights', nights]]),
    },
    stages: [
      inhibitionStage,
      timeStage(new Map([['nights', nights]])),
      silenceStage((labels, nowMs) => silences.silenceOf(labels, nowMs)),
      dependencyStage(() => undefined),
    ],
    findingOf: () => undefined,
    externalUrl: 'https://watch.example.org',
    expiryMs: 86_400_000,
  }
}
