import { randomUUID } from 'node:crypto'
import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import { isSilencing, type Silence, silenceState } from '../model/silence.ts'

/** What somebody asks for; with an `id` it changes the silence of that number. */
export interface SilenceRequest {
  readonly id?: string | undefined
  readonly matchers: readonly Matcher[]
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly createdBy: string
  readonly comment: string
}

/** A silence can't be made, changed or ended as asked. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
  readonly isUnknown: boolean

  constructor(message: string, isUnknown = false) {
    super(message)
    this.isUnknown = isUnknown
  }
}

/** What a request came to; `changed` has to be written down before the answer. */
export interface SilenceChange {
  readonly id: string
  readonly changed: readonly Silence[]
}

/** How long a silence that is over can still be looked at, as in Alertmanager. */
export const SILENCE_RETENTION_MS = 120 * 3_600_000

/** All silences, with Alertmanager's rules for making, changing and ending them. */
export class Silences {
  readonly #byId = new Map<string, Silence>()

  constructor(known: Iterable<Silence> = []) {
    for (const silence of known) this.#byId.set(silence.id, silence)
  }

  find(id: string): Silence | undefined {
    return this.#byId.get(id)
  }

  /** Active ones by their end, then pending ones by their beginning, then those that are over, the latest first. */
  list(nowMs: number): Silence[] {
    const order = { active: 0, pending: 1, expired: 2 }
    return [...this.#byId.values()].sort((a, b) => {
      const [stateA, stateB] = [silenceState(a, nowMs), silenceState(b, nowMs)]
      if (stateA !== stateB) return order[stateA] - order[stateB]
      if (stateA === 'active') return a.endsAtMs - b.endsAtMs
      return stateA === 'pending' ? a.startsAtMs - b.startsAtMs : b.endsAtMs - a.endsAtMs
    })
  }

  /** The silence that keeps alerts of these labels from being told, if there is one. */
  silenceOf(labels: Labels, nowMs: number): Silence | undefined {
    for (const silence of this.#byId.values()) if (isSilencing(silence, labels, nowMs)) return silence
    return undefined
  }

  /** All of them, for those who show why an alert is not told. */
  silencesOf(labels: Labels, nowMs: number): Silence[] {
    return [...this.#byId.values()].filter((silence) => isSilencing(silence, labels, nowMs))
  }

  /**
   * Makes a silence or changes one. Where a change would rewrite what has happened already, the old one ends and a new one
   * begins.
   *
   * @throws SilenceError
   */
  set(request: SilenceRequest, nowMs: number): SilenceChange {
    check(request, nowMs)
    const known = request.id === undefined || request.id === '' ? undefined : this.#byId.get(request.id)
    if (known === undefined && request.id !== undefined && request.id !== '') {
      throw new SilenceError(`there is no silence ${request.id}`, true)
    }
    if (known !== undefined && canChange(known, request, nowMs)) {
      const changed = { ...known, ...fieldsOf(request), updatedAtMs: nowMs }
      this.#byId.set(changed.id, changed)
      return { id: changed.id, changed: [changed] }
    }
    const ended =
      known === undefined || silenceState(known, nowMs) === 'expired' ? [] : this.expire(known.id, nowMs).changed
    const made: Silence = {
      id: randomUUID(),
      ...fieldsOf(request),
      startsAtMs: Math.max(request.startsAtMs, nowMs),
      updatedAtMs: nowMs,
    }
    this.#byId.set(made.id, made)
    return { id: made.id, changed: [...ended, made] }
  }

  /**
   * Ends it now; one that is over already stays as it is.
   *
   * @throws SilenceError when there is none of this id
   */
  expire(id: string, nowMs: number): SilenceChange {
    const known = this.#byId.get(id)
    if (known === undefined) throw new SilenceError(`there is no silence ${id}`, true)
    const state = silenceState(known, nowMs)
    if (state === 'expired') return { id, changed: [] }
    const ended = {
      ...known,
      startsAtMs: state === 'pending' ? nowMs : known.startsAtMs,
      endsAtMs: nowMs,
      updatedAtMs: nowMs,
    }
    this.#byId.set(id, ended)
    return { id, changed: [ended] }
  }

  /** Undoes a change that could not be written down. */
  restore(silences: readonly (Silence | undefined)[], change: SilenceChange): void {
    for (const { id } of change.changed) this.#byId.delete(id)
    for (const silence of silences) if (silence !== undefined) this.#byId.set(silence.id, silence)
  }

  /** Lets go of those that were over long ago. */
  retain(nowMs: number): void {
    for (const { id, endsAtMs } of this.#byId.values()) {
      if (endsAtMs + SILENCE_RETENTION_MS <= nowMs) this.#byId.delete(id)
    }
  }
}

function fieldsOf({ matchers, startsAtMs, endsAtMs, createdBy, comment }: SilenceRequest) {
  return { matchers, startsAtMs, endsAtMs, createdBy, comment }
}

function check({ matchers, startsAtMs, endsAtMs }: SilenceRequest, nowMs: number): void {
  if (matchers.length === 0) throw new SilenceError('a silence needs at least one matcher')
  if (matchers.every(asksForNothing)) {
    throw new SilenceError('at least one matcher must not match the empty text: this one would silence everything')
  }
  if (endsAtMs <= startsAtMs) throw new SilenceError('the end of a silence must be after its start')
  if (endsAtMs <= nowMs) throw new SilenceError('the end of a silence must not be in the past')
}

/** As Alertmanager sees it: `team!="racks"` names what is meant, though it holds for alerts without a team as well. */
function asksForNothing({ op, matches }: Matcher): boolean {
  return (op === '=' || op === '=~') && matches('')
}

function canChange(known: Silence, request: SilenceRequest, nowMs: number): boolean {
  const isSame = (a: Matcher, b: Matcher | undefined) => a.name === b?.name && a.op === b.op && a.value === b.value
  if (known.matchers.length !== request.matchers.length) return false
  if (!known.matchers.every((matcher, i) => isSame(matcher, request.matchers[i]))) return false
  switch (silenceState(known, nowMs)) {
    case 'active':
      return Math.floor(request.startsAtMs / 1000) === Math.floor(known.startsAtMs / 1000) && request.endsAtMs >= nowMs
    case 'pending':
      return request.startsAtMs >= nowMs
    case 'expired':
      return false
  }
}
