import type { AlertEvent } from '../model/alert.ts'
import { momentText } from '../model/moment.ts'
import type { EpisodeChange } from '../store/episodes.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'

interface Told {
  readonly episodes: EpisodeChange[]
  readonly events: AlertEvent[]
}

/** Which alerts have begun and not ended, so that each time that one fired is remembered with its beginning and its end. */
export class OpenEpisodes {
  readonly #open: Set<string>

  /** @param open fingerprints, as they were written down last */
  constructor(open: Iterable<string>) {
    this.#open = new Set(open)
  }

  /** An alert was handed over: it may begin or end by that. */
  note(alert: NotifyAlert, nowMs: number, { episodes, events }: Told): void {
    const { fingerprint, startsAtMs, endsAtMs, origin } = alert
    const isOver = isResolved(alert, nowMs)
    if (this.#open.has(fingerprint) !== isOver) return
    const event = (kind: string, detail: string) => events.push({ fingerprint, atMs: nowMs, kind, detail })
    if (isOver) {
      this.#open.delete(fingerprint)
      episodes.push({ kind: 'ended', fingerprint, endedMs: endsAtMs, ...(origin === undefined ? {} : { origin }) })
      // The story of a rule's alert is told by the rule.
      if (origin === undefined) event('resolved', 'it was posted that it is over')
      return
    }
    this.#open.add(fingerprint)
    episodes.push(begun(alert))
    if (origin === undefined) event('received', `it was posted, and fires since ${momentText(startsAtMs)}`)
  }

  /** An alert is found to be over: where that is news, nobody has said that it still fires. */
  noteSilent({ fingerprint, endsAtMs, updatedAtMs }: NotifyAlert, nowMs: number, { episodes, events }: Told): void {
    if (!this.#open.delete(fingerprint)) return
    episodes.push({ kind: 'ended', fingerprint, endedMs: endsAtMs })
    const detail = `nobody has said since ${momentText(updatedAtMs)} that it still fires`
    events.push({ fingerprint, atMs: nowMs, kind: 'resolved', detail })
  }
}

function begun({ fingerprint, labels, annotations, startsAtMs, origin }: NotifyAlert): EpisodeChange {
  return {
    kind: 'begun',
    fingerprint,
    alertname: labels.get('alertname'),
    severity: labels.get('severity'),
    labels: JSON.stringify(labels.pairs),
    annotations,
    startedMs: startsAtMs,
    ...(origin === undefined ? {} : { origin }),
  }
}
