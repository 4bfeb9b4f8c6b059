import type { AlertEvent } from '../model/alert.ts'

/** What was decided of an alert, as its story tells it. */
export type Decision = Required<Pick<AlertEvent, 'kind' | 'detail' | 'subject'>>

/** A decision that comes out the same at every look. */
export interface Standing extends Decision {
  readonly sinceMs: number
  readonly lastMs: number
  readonly times: number
}

/** What was decided at one look, and of whom. */
export interface Verdict {
  readonly decision: Decision
  /** Fingerprints, each in one verdict at most. */
  readonly alerts: readonly string[]
}

interface Stood {
  readonly decision: Decision
  lastMs: number
  /** How often it was looked at. */
  looks: number
  /** By fingerprint: since when it counts for this alert, and how many looks there were before. */
  readonly members: Map<string, { readonly sinceMs: number; readonly before: number }>
}

/**
 * Decisions that are taken anew whenever a group is looked at and mostly come out the same: that a silence holds, that it was
 * told already. The first one is an event; the others are counted here, and written down as one when another follows. So an
 * alert that fires for a week leaves a few lines, and looking at it writes nothing.
 */
export class StandingDecisions {
  /** By group, then by what was decided: whether alerts are held back, whether a channel is told. */
  readonly #stood = new Map<string, Map<string, readonly Stood[]>>()
  /** Alerts of the last run: what is decided of them first may be what stands there already. */
  readonly #restored: ReadonlySet<string>

  constructor(restored: Iterable<string>) {
    this.#restored = new Set(restored)
  }

  /** A group was looked at: whatever is not decided again is over. */
  settle(group: string, question: string, verdicts: readonly Verdict[], nowMs: number, events: AlertEvent[]): void {
    const before = this.#stood.get(group)?.get(question) ?? []
    if (before.length === 0 && verdicts.length === 0) return
    const after = verdicts.map(({ decision, alerts }) => {
      const known = before.find((one) => isSame(one.decision, decision))
      return this.#stand(known ?? { decision, lastMs: nowMs, looks: 0, members: new Map() }, alerts, nowMs, events)
    })
    for (const stood of before)
      if (!after.includes(stood)) for (const alert of stood.members.keys()) close(stood, alert, events)
    const questions = this.#stood.get(group) ?? new Map<string, readonly Stood[]>()
    questions.set(question, after)
    this.#stood.set(group, questions)
  }

  /** Nothing else than `question` was asked of the group. */
  settleOthers(group: string, question: string, nowMs: number, events: AlertEvent[]): void {
    for (const other of this.#stood.get(group)?.keys() ?? []) {
      if (other !== question) this.settle(group, other, [], nowMs, events)
    }
  }

  /** The group is no more. */
  drop(group: string, events: AlertEvent[]): void {
    for (const all of this.#stood.get(group)?.values() ?? []) {
      for (const stood of all) for (const alert of stood.members.keys()) close(stood, alert, events)
    }
    this.#stood.delete(group)
  }

  /** What stands of an alert, in whichever group. */
  of(fingerprint: string): readonly Standing[] {
    const all = [...this.#stood.values()].flatMap((questions) => [...questions.values()].flat())
    return all.flatMap(({ decision, lastMs, looks, members }) => {
      const member = members.get(fingerprint)
      return member === undefined
        ? []
        : [{ ...decision, sinceMs: member.sinceMs, lastMs, times: looks - member.before }]
    })
  }

  #stand(stood: Stood, alerts: readonly string[], nowMs: number, events: AlertEvent[]): Stood {
    const { members, decision } = stood
    const isFirst = stood.looks === 0
    for (const fingerprint of alerts) {
      if (members.has(fingerprint)) continue
      members.set(fingerprint, { sinceMs: nowMs, before: stood.looks })
      const mayStand = isFirst && this.#restored.has(fingerprint)
      events.push({ fingerprint, atMs: nowMs, ...decision, ...(mayStand ? { again: 1 } : {}) })
    }
    if (members.size > alerts.length) {
      const still = new Set(alerts)
      for (const fingerprint of [...members.keys()]) {
        if (still.has(fingerprint)) continue
        close(stood, fingerprint, events)
        members.delete(fingerprint)
      }
    }
    stood.looks++
    stood.lastMs = nowMs
    return stood
  }
}

function isSame(a: Decision, b: Decision): boolean {
  return a.detail === b.detail && a.kind === b.kind && a.subject === b.subject
}

/** Writes down how often it was decided besides the first time. */
function close({ decision, lastMs, looks, members }: Stood, fingerprint: string, events: AlertEvent[]): void {
  const again = looks - (members.get(fingerprint)?.before ?? looks) - 1
  if (again > 0) events.push({ fingerprint, atMs: lastMs, ...decision, again })
}
