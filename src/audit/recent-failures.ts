import type { AuditEntry } from '../store/audit-hash.ts'

/** A failure that somebody else recorded: when, and on which journey. */
interface Failure {
  readonly atMs: number
  readonly traceId: string
  readonly keys: readonly string[]
}

const MOST_FAILURES = 2000
const MOST_ATTRIBUTES = 30
const MOST_TEXT = 200
const MOST_FOUND = 3
/** What fails makes an alert true a while later. */
const BEFORE_MS = 15 * 60_000
const BAD = /^(?:fail|error|denied|refused|rejected|timeout|timed.out|exception)/i
/** An alert that names a service by one of these labels is about what this actor does. */
const OF_ACTOR: readonly string[] = ['actor', 'service', 'service_name', 'app', 'application', 'job', 'check']
const FIELDS = ['action', 'event', 'resource'] as const
/** Many share these by chance. */
const TOO_COMMON = new Set([
  'alertname',
  'severity',
  'critical',
  'category',
  'probe',
  'status',
  'outcome',
  'env',
  'region',
])

/**
 * The last failures in the audit log, so that an alert can name the journeys on which its errors happened. After a start it is
 * told of those of the run before.
 */
export class RecentFailures {
  #failures: Failure[] = []
  readonly #byKey = new Map<string, Failure[]>()

  /** Takes in what was recorded; what midwatch says of itself is no journey. */
  note(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      if (entry.actor === 'midwatch' || !BAD.test(entry.outcome)) continue
      const failure = { atMs: entry.atMs, traceId: entry.traceId, keys: keysOf(entry) }
      this.#failures.push(failure)
      for (const key of failure.keys) {
        const known = this.#byKey.get(key)
        if (known === undefined) this.#byKey.set(key, [failure])
        else known.push(failure)
      }
    }
    if (this.#failures.length > 2 * MOST_FAILURES) this.#forget()
  }

  /**
   * Trace ids of failures that share a label with an alert since shortly before it was true: a field or an attribute of the
   * same name and value. Those that share the most come first, then the latest.
   *
   * @param labels of the alert
   * @param sinceMs when it became true
   */
  tracesOf(labels: Iterable<readonly [string, string]>, sinceMs: number): readonly string[] {
    if (this.#failures.length === 0) return []
    const shared = new Map<string, { count: number; atMs: number }>()
    for (const [name, value] of labels) {
      if (TOO_COMMON.has(name)) continue
      const seen = new Set<string>()
      for (const { atMs, traceId } of this.#byKey.get(keyOf(name, value)) ?? []) {
        if (atMs < sinceMs - BEFORE_MS) continue
        const known = shared.get(traceId)
        const count = (known?.count ?? 0) + (seen.has(traceId) ? 0 : 1)
        seen.add(traceId)
        shared.set(traceId, { count, atMs: Math.max(known?.atMs ?? 0, atMs) })
      }
    }
    return [...shared]
      .sort(([, a], [, b]) => b.count - a.count || b.atMs - a.atMs)
      .slice(0, MOST_FOUND)
      .map(([traceId]) => traceId)
  }

  /** Half of them at once, so that each is looked at once more at most. */
  #forget(): void {
    const gone = new Set(this.#failures.slice(0, -MOST_FAILURES))
    this.#failures = this.#failures.slice(-MOST_FAILURES)
    for (const [key, failures] of this.#byKey) {
      const kept = failures.filter((failure) => !gone.has(failure))
      if (kept.length === 0) this.#byKey.delete(key)
      else this.#byKey.set(key, kept)
    }
  }
}

function keysOf(entry: AuditEntry): readonly string[] {
  const attributes = Object.entries(JSON.parse(entry.body) as Record<string, unknown>).slice(0, MOST_ATTRIBUTES)
  const plain = attributes.flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? [keyOf(name, String(value))]
      : [],
  )
  const fields = FIELDS.map((name) => keyOf(name, entry[name]))
  const actor = OF_ACTOR.map((name) => keyOf(name, entry.actor))
  return [...new Set([...actor, ...fields, ...plain])]
}

function keyOf(name: string, value: string): string {
  return `${name}\n${value.slice(0, MOST_TEXT)}`
}
