import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { LONGEST_WAIT_MS, type Message } from './outbox.ts'
import type { StandIn } from './outbox-stand-in.ts'

/** What goes out as one message: mostly one that is owed, several where a channel may not send so many. */
export type Parcel = readonly [Message, ...Message[]]

export interface LeaseRequest {
  readonly nowMs: number
  readonly leaseMs: number
  readonly limit: number
  /** How many tries may be under way at once on one channel, so that one that hangs leaves room for the others. */
  readonly limitPerChannel: number
  /** How many are under way now, by channel. */
  readonly inFlight: Readonly<Record<string, number>>
  /** How many messages a channel may send now, by channel; one that is not named may send any number. */
  readonly allowed?: Readonly<Record<string, number>>
}

/** No message is folded of more, so that what travels to the sender stays small; the rest is in the next one. */
const MOST_IN_A_PARCEL = 1000

/**
 * Takes the longest-due messages and hides them for `leaseMs`, so that one whose sender dies comes back. Of one group and
 * channel only the oldest is taken: a resolve never overtakes its alert. Where more are due than a channel may send, the
 * last that it may send is all the others in one, each group's in their order.
 */
export const leaseMessages = defineOperation('lease-messages', ({ db }, request: LeaseRequest): Parcel[] => {
  const { nowMs, leaseMs, limit } = request
  const candidates = unfinishedChannels(db).flatMap((channel) => channelCandidates(db, channel, request))
  const take = db.statement(
    `UPDATE outbox SET attempts = attempts + 1, leased_until_ms = ? WHERE id = ?
     RETURNING id, channel, group_key AS groupKey, body, created_ms AS createdMs, expires_ms AS expiresMs, attempts, done,
       stand_in AS standIn, told_by AS toldBy`,
  )
  return candidates
    .sort((a, b) => a.nextTryMs - b.nextTryMs || a.id - b.id)
    .slice(0, limit)
    .sort((a, b) => a.id - b.id)
    .map(({ ids }) => ids.map((id) => messageOf(take.get(nowMs + leaseMs, id) as MessageRow)) as unknown as Parcel)
})

type MessageRow = Omit<Message, 'done' | 'standIn' | 'toldBy'> & {
  readonly done: string | null
  readonly standIn: string | null
  readonly toldBy: string | null
}

function messageOf({ done, standIn, toldBy, ...message }: MessageRow): Message {
  return {
    ...message,
    done: done === null ? [] : (JSON.parse(done) as string[]),
    standIn: standIn === null ? undefined : (JSON.parse(standIn) as StandIn),
    toldBy: toldBy ?? undefined,
  }
}

interface Candidate {
  readonly ids: readonly number[]
  /** Of the first. */
  readonly id: number
  readonly nextTryMs: number
}

function channelCandidates(db: Connection, channel: string, request: LeaseRequest): readonly Candidate[] {
  const { inFlight, limit, limitPerChannel, allowed = {} } = request
  const slots = Math.min(limitPerChannel - (inFlight[channel] ?? 0), limit)
  const most = allowed[channel] ?? Number.POSITIVE_INFINITY
  if (slots <= 0 || most <= 0) return []
  const isScarce = most <= slots
  const due = dueMessages(db, { ...request, channel, most: isScarce ? most + 1 : slots })
  const single = ({ id, nextTryMs }: Due): Candidate => ({ ids: [id], id, nextTryMs })
  if (!isScarce || due.length <= most) return due.map(single)
  const alone = due.slice(0, most - 1)
  const rest = dueTogether(db, { ...request, channel, without: new Set(alone.map(({ groupKey }) => groupKey)) })
  const [first] = rest
  if (first === undefined) return alone.map(single)
  return [...alone.map(single), { ids: rest.map(({ id }) => id), id: first.id, nextTryMs: first.nextTryMs }]
}

/** From one to the next in the index: how many messages there are does not matter. */
function unfinishedChannels(db: Connection): readonly string[] {
  const rows = db
    .statement(
      `WITH RECURSIVE known (channel) AS (
         SELECT MIN(channel) FROM outbox WHERE finished_ms IS NULL
         UNION ALL
         SELECT (SELECT MIN(channel) FROM outbox WHERE finished_ms IS NULL AND channel > known.channel)
         FROM known WHERE known.channel IS NOT NULL)
       SELECT channel FROM known WHERE channel IS NOT NULL`,
    )
    .all() as { channel: string }[]
  return rows.map(({ channel }) => channel)
}

interface Due {
  readonly id: number
  readonly groupKey: string
  readonly nextTryMs: number
}

interface DueRequest extends Pick<LeaseRequest, 'nowMs' | 'leaseMs'> {
  readonly channel: string
  readonly most: number
}

/** The longest-due messages of a channel, each the oldest of its group, in the order of the index that ends the search. */
function dueMessages(db: Connection, { channel, nowMs, leaseMs, most }: DueRequest): readonly Due[] {
  const find = (when: string) =>
    db
      .statement(
        `SELECT id, group_key AS groupKey, next_try_ms AS nextTryMs FROM outbox AS due
         WHERE finished_ms IS NULL AND channel = @channel AND ${when}
           AND (leased_until_ms <= @nowMs OR leased_until_ms > @nowMs + @leaseMs)
           AND NOT EXISTS (SELECT 1 FROM outbox AS older WHERE older.finished_ms IS NULL
             AND older.channel = due.channel AND older.group_key = due.group_key AND older.id < due.id)
         ORDER BY next_try_ms, id LIMIT @most`,
      )
      .all({ channel, nowMs, leaseMs, longestWaitMs: LONGEST_WAIT_MS, most }) as Due[]
  const due = find('next_try_ms <= @nowMs')
  return due.length === most ? due : [...due, ...find('next_try_ms > @nowMs + @longestWaitMs')]
}

interface TogetherRequest extends Pick<LeaseRequest, 'nowMs' | 'leaseMs'> {
  readonly channel: string
  /** Groups that go by themselves. */
  readonly without: ReadonlySet<string>
}

/** All that is due of a channel, the followers of a group with it; of parts that arrived already, only what has the same. */
function dueTogether(db: Connection, { channel, nowMs, leaseMs, without }: TogetherRequest): readonly Due[] {
  const rows = db
    .statement(
      `SELECT id, group_key AS groupKey, next_try_ms AS nextTryMs, leased_until_ms AS leasedUntilMs, done FROM outbox
       WHERE finished_ms IS NULL AND channel = ? ORDER BY id`,
    )
    .iterate(channel) as Iterable<Due & { readonly leasedUntilMs: number; readonly done: string | null }>
  const blocked = new Set(without)
  const taken: Due[] = []
  let done: string | null | undefined
  for (const row of rows) {
    if (blocked.has(row.groupKey)) continue
    const isLeased = row.leasedUntilMs > nowMs && row.leasedUntilMs <= nowMs + leaseMs
    const isDue = !isLeased && (row.nextTryMs <= nowMs || row.nextTryMs > nowMs + LONGEST_WAIT_MS)
    if (!isDue || (done !== undefined && row.done !== done)) {
      blocked.add(row.groupKey)
      continue
    }
    done = row.done
    taken.push(row)
    if (taken.length === MOST_IN_A_PARCEL) break
  }
  return taken
}
