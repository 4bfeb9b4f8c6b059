import { Labels } from '../../../src/model/labels.ts'
import type { Taken } from './run.ts'
import { RESOLVE_TIMEOUT_MS, type TellingScenario } from './scenario.ts'

/** One message, with times counted from the start of the scenario. */
export interface Told {
  readonly atMs: number
  /** Who was told: the receiver and which of its webhooks. */
  readonly to: string
  readonly groupKey: string
  /** JSON, in which only what a program has to choose for itself is put into words. */
  readonly body: string
}

interface Body {
  readonly groupKey: string
  readonly notification_reason?: string
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly startsAt: string
    readonly endsAt: string
  }[]
}

/** How far a time that a program takes from its clock may be behind the event that made it. */
const CLOCK_MS = 250
const GO_ZERO = '0001-01-01T00:00:00Z'

/** What of the messages belongs to a scenario and came in its time. */
export function toldOf(taken: readonly Taken[], scenario: TellingScenario, startMs: number, factor: number): Told[] {
  const { seed, endMs } = scenario
  return taken.flatMap(({ atMs, path, body }) => {
    const [, number, ...to] = path.split('/')
    if (number !== String(seed) || atMs > startMs + endMs) return []
    const read = JSON.parse(body) as Body
    return [
      {
        atMs: atMs - startMs,
        to: to.join('/'),
        groupKey: read.groupKey,
        body: written(read, scenario, startMs, factor),
      },
    ]
  })
}

/**
 * The body without what must differ:
 * - `notification_reason`, which Alertmanager has since 0.32 and midwatch as well, but 0.25 not;
 * - a start that the poster left out is the end, or where that is left out as well the clock of the program at that moment;
 * - an end that the poster left out is that clock and `resolve_timeout`.
 * A time that somebody posted stays exactly what it is, counted from the start of the scenario.
 */
function written(
  { notification_reason: _, ...body }: Body,
  scenario: TellingScenario,
  startMs: number,
  factor: number,
) {
  const alerts = body.alerts.map((alert) => {
    const posts = postsOf(scenario, alert.labels)
    const starts = posts.map(({ atMs, startsMs, endsMs }) => ({ atMs, exactMs: startsMs ?? endsMs, addedMs: 0 }))
    const ends = posts.map(({ atMs, endsMs }) => ({ atMs, exactMs: endsMs, addedMs: RESOLVE_TIMEOUT_MS * factor }))
    const text = (time: string, said: typeof starts) => timeText(time, said, startMs, factor)
    return { ...alert, startsAt: text(alert.startsAt, starts), endsAt: text(alert.endsAt, ends) }
  })
  return JSON.stringify({ ...body, alerts })
}

function postsOf({ seed, events }: TellingScenario, labels: Readonly<Record<string, string>>) {
  const { key } = Labels.of(labels)
  return events.flatMap((event) =>
    event.kind !== 'post'
      ? []
      : event.alerts
          .filter((alert) => Labels.of({ ...alert.labels, scenario: String(seed) }).key === key)
          .map(({ startsMs, endsMs }) => ({ atMs: event.atMs, startsMs, endsMs })),
  )
}

function timeText(
  time: string,
  said: readonly { readonly atMs: number; readonly exactMs: number | undefined; readonly addedMs: number }[],
  startMs: number,
  factor: number,
): string {
  if (time === GO_ZERO) return time
  const sinceMs = Date.parse(time) - startMs
  if (said.some(({ exactMs }) => exactMs === sinceMs)) return `${sinceMs} ms`
  const chosen = said.find(({ atMs, exactMs, addedMs }) => {
    const behindMs = sinceMs - atMs - addedMs
    return exactMs === undefined && behindMs >= 0 && behindMs <= CLOCK_MS * factor
  })
  return chosen === undefined
    ? `${sinceMs} ms, which nobody said`
    : `said at ${chosen.atMs} ms, plus ${chosen.addedMs} ms`
}
