import type { AlertOrigin } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import { type Matcher, matchesAll } from '../model/matcher.ts'
import type { Connection } from './database.ts'
import type { Transaction } from './operation.ts'
import { sql } from './schema.ts'

/** An alert began to fire, or is over. */
export type EpisodeChange =
  | {
      readonly kind: 'begun'
      readonly fingerprint: string
      readonly alertname: string
      readonly severity: string
      /** A JSON array of sorted pairs. */
      readonly labels: string
      readonly annotations: Readonly<Record<string, string>>
      readonly startedMs: number
      readonly origin?: AlertOrigin
    }
  | {
      readonly kind: 'ended'
      readonly fingerprint: string
      readonly endedMs: number
      readonly origin?: AlertOrigin
    }

/** One time that an alert fired. */
export interface Episode {
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly startedMs: number
  /** Undefined while it fires. */
  readonly endedMs: number | undefined
  /** What the rule knew of it at the beginning and at the end. */
  readonly origin: AlertOrigin | undefined
  readonly last: AlertOrigin | undefined
}

export function writeEpisodes({ db }: Transaction, changes: readonly EpisodeChange[]): void {
  for (const change of changes) {
    const { fingerprint } = change
    // Whatever was left open by a crash is over when the next one begins.
    const end = sql.updateTable('alert_episode').where('fingerprint', '=', fingerprint).where('ended_ms', 'is', null)
    switch (change.kind) {
      case 'begun':
        db.run(end.set({ ended_ms: change.startedMs }))
        db.run(
          sql.insertInto('alert_episode').values({
            fingerprint,
            alertname: change.alertname,
            severity: change.severity,
            labels: change.labels,
            annotations: JSON.stringify(change.annotations),
            origin: jsonOf(change.origin),
            last: null,
            started_ms: change.startedMs,
            ended_ms: null,
          }),
        )
        break
      case 'ended':
        db.run(end.set({ ended_ms: change.endedMs, last: jsonOf(change.origin) }))
        break
    }
  }
}

export function openEpisodes(db: Connection): readonly string[] {
  return db
    .all(sql.selectFrom('alert_episode').select('fingerprint').where('ended_ms', 'is', null))
    .map(({ fingerprint }) => fingerprint)
}

export interface EpisodeFilter {
  readonly fingerprint?: string | undefined
  readonly alertname?: string | undefined
  readonly severity?: string | undefined
  /** Those that fired at some moment from `fromMs` on, before `toMs`. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** All of them have to hold. */
  readonly matchers?: readonly Matcher[]
}

const COUNT_LIMIT = 10_000
/** Matchers are looked at one row after the other; no more rows than these. */
const MOST_MATCHED = 50_000

export interface EpisodePage {
  readonly episodes: readonly Episode[]
  readonly total: number
  readonly totalIs: 'exact' | 'at_least'
}

/** One page of what fired, the newest first, and how many there are (counted to 10,000). */
export function searchEpisodes(db: Connection, filter: EpisodeFilter, page: number, pageSize: number): EpisodePage {
  const { matchers = [] } = filter
  const ordered = filtered(filter).selectAll().orderBy('started_ms', 'desc').orderBy('id', 'desc')
  const offset = (page - 1) * pageSize
  if (matchers.length > 0) {
    const rows = db.all(ordered.limit(MOST_MATCHED))
    const found = rows.map(episodeOf).filter(({ labels }) => matchesAll(matchers, labels))
    const isAll = rows.length < MOST_MATCHED && found.length <= COUNT_LIMIT
    return {
      episodes: found.slice(offset, offset + pageSize),
      total: Math.min(found.length, COUNT_LIMIT),
      totalIs: isAll ? 'exact' : 'at_least',
    }
  }
  const rows = db.all(ordered.limit(pageSize).offset(offset))
  const counted = db.get(
    sql
      .selectFrom(
        filtered(filter)
          .select('id')
          .limit(COUNT_LIMIT + 1)
          .as('found'),
      )
      .select((expression) => expression.fn.countAll<number>().as('total')),
  )
  const total = counted?.total ?? 0
  return {
    episodes: rows.map(episodeOf),
    total: Math.min(total, COUNT_LIMIT),
    totalIs: total > COUNT_LIMIT ? 'at_least' : 'exact',
  }
}

function filtered({ fingerprint, alertname, severity, fromMs, toMs, matchers = [] }: EpisodeFilter) {
  let query = sql.selectFrom('alert_episode')
  if (fingerprint !== undefined) query = query.where('fingerprint', '=', fingerprint)
  const name = alertname ?? matchers.find((matcher) => matcher.name === 'alertname' && matcher.op === '=')?.value
  if (name !== undefined) query = query.where('alertname', '=', name)
  if (severity !== undefined) query = query.where('severity', '=', severity)
  if (toMs !== undefined) query = query.where('started_ms', '<', toMs)
  if (fromMs !== undefined) {
    query = query.where((where) => where.or([where('ended_ms', 'is', null), where('ended_ms', '>=', fromMs)]))
  }
  return query
}

interface Row {
  readonly fingerprint: string
  readonly labels: string
  readonly annotations: string
  readonly origin: string | null
  readonly last: string | null
  readonly started_ms: number
  readonly ended_ms: number | null
}

function episodeOf(row: Row): Episode {
  return {
    fingerprint: row.fingerprint,
    labels: Labels.fromSortedPairs(JSON.parse(row.labels) as string[]),
    annotations: JSON.parse(row.annotations) as Record<string, string>,
    startedMs: row.started_ms,
    endedMs: row.ended_ms ?? undefined,
    origin: originOf(row.origin),
    last: originOf(row.last),
  }
}

function jsonOf(origin: AlertOrigin | undefined): string | null {
  return origin === undefined ? null : JSON.stringify(origin)
}

export function originOf(text: string | null): AlertOrigin | undefined {
  return text === null ? undefined : (JSON.parse(text) as AlertOrigin)
}
