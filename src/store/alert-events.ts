import type { AlertEvent } from '../model/alert.ts'
import type { Connection } from './database.ts'
import type { Transaction } from './operation.ts'

/** An event as it is kept: what happened again and again is one of them. */
export interface StoredEvent extends Omit<AlertEvent, 'again' | 'subject'> {
  readonly subject: string
  /** When it happened last; `atMs` is when it happened first. */
  readonly lastMs: number
  readonly times: number
}

/** Of one alert no more events are kept than this, the newest ones. */
export const MOST_EVENTS = 500

export function writeEvents({ db }: Transaction, events: readonly AlertEvent[]): void {
  if (events.length === 0) return
  const insert = db.statement(
    'INSERT INTO alert_event (fingerprint, at_ms, kind, detail, subject, last_ms, times) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const grown = new Set<string>()
  for (const { fingerprint, atMs, kind, detail, subject = '', again } of events) {
    if (again !== undefined && repeat(db, { fingerprint, atMs, kind, detail, subject, again })) continue
    insert.run(fingerprint, atMs, kind, detail, subject, atMs, again ?? 1)
    grown.add(fingerprint)
  }
  const trim = db.statement(
    'DELETE FROM alert_event WHERE id <= (SELECT id FROM alert_event WHERE fingerprint = ? ORDER BY id DESC LIMIT 1 OFFSET ?) AND fingerprint = ?',
  )
  for (const fingerprint of grown) trim.run(fingerprint, MOST_EVENTS, fingerprint)
}

/** @returns whether the event before it is the same, and stands for this one as well now */
function repeat(db: Connection, event: Required<AlertEvent>): boolean {
  const { fingerprint, atMs, kind, detail, subject, again } = event
  const before = db
    .statement(
      'SELECT id, detail FROM alert_event WHERE fingerprint = ? AND kind = ? AND subject = ? ORDER BY id DESC LIMIT 1',
    )
    .get(fingerprint, kind, subject) as { id: number; detail: string } | undefined
  if (before?.detail !== detail) return false
  db.statement('UPDATE alert_event SET last_ms = MAX(last_ms, ?), times = times + ? WHERE id = ?').run(
    atMs,
    again,
    before.id,
  )
  return true
}

/** The story of one alert, oldest first: its last `limit` events. */
export function alertEvents(db: Connection, fingerprint: string, limit: number): readonly StoredEvent[] {
  const rows = db
    .statement(
      `SELECT fingerprint, at_ms AS atMs, kind, detail, subject, last_ms AS lastMs, times FROM alert_event
       WHERE fingerprint = ? ORDER BY id DESC LIMIT ?`,
    )
    .all(fingerprint, limit) as StoredEvent[]
  return rows.reverse()
}
