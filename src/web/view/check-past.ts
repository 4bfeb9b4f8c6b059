import { Turns } from '../../lib/turns.ts'
import type { CheckHealth } from '../../model/health.ts'
import { checkStatesSince } from '../../store/checks.ts'
import type { WebContext } from '../context.ts'
import type { UptimeView } from '../page/check.tsx'
import type { History, HistorySlot } from '../page/history.tsx'
import { type HistoryBook, historyBook } from './history-book.ts'
import { SLOT_MS, slotOf } from './tally.ts'

const DAY_MS = 86_400_000
const BARS = DAY_MS / SLOT_MS
const UPTIME_DAYS = [1, 7, 30]

/**
 * The last 24 hours of every check as bars, by name.
 *
 * A bar is what was measured within its half-hour. Where nothing was, it says `unknown` when the check could not be judged
 * while midwatch ran, and `none` when midwatch did not run or there was no such check.
 */
export async function historiesOf(context: WebContext): Promise<ReadonlyMap<string, History>> {
  const { board, clock, store } = context
  const nowMs = clock.now()
  const checks = context.checks()
  const book = historyBook(store)
  const newest = slotOf(nowMs)
  const oldest = newest - BARS + 1
  book.keepOnly(new Set(checks.map(({ name }) => name)))
  await book.refresh(checks, oldest * SLOT_MS, nowMs)
  const wasRunning = new Set<number>()
  for (let slot = oldest; slot <= newest; slot++) {
    if (checks.some(({ name }) => isMeasured(book, name, slot))) wasRunning.add(slot)
  }
  const turns = new Turns()
  const histories = new Map<string, History>()
  for (const health of board.checks) {
    const states = statesOf(context, health, oldest * SLOT_MS)
    const slots: HistorySlot[] = []
    for (let slot = oldest; slot <= newest; slot++) {
      slots.push(judge(book, health.name, slot, statesWithin(states, slot), wasRunning.has(slot)))
    }
    histories.set(health.name, { fromMs: oldest * SLOT_MS, slotMs: SLOT_MS, slots })
    if (turns.isOver()) await turns.next()
  }
  return histories
}

/** The share of the known time in which a check was up, over a day, a week and a month. */
export async function uptimesOf(
  { clock, store }: WebContext,
  check: { readonly name: string; readonly everyMs: number },
): Promise<readonly UptimeView[]> {
  const nowMs = clock.now()
  const book = historyBook(store)
  const longestMs = Math.max(...UPTIME_DAYS) * DAY_MS
  await book.refresh([check], nowMs - longestMs, nowMs)
  return UPTIME_DAYS.map((days) => {
    const windowMs = days * DAY_MS
    // In whole half-hours, of which the first may begin a little before the window.
    const { ups, downs, knownMs } = book.past(check.name, slotOf(nowMs - windowMs), slotOf(nowMs) + 1)
    const isKnown = ups + downs > 0
    return {
      windowMs,
      upShare: isKnown ? ups / (ups + downs) : undefined,
      knownShare: isKnown ? Math.min(1, knownMs / windowMs) : 0,
    }
  })
}

interface StateChange {
  readonly atMs: number
  readonly state: string
}

/** Its states in order of time; what it is now may be newer than the last change that was written down. */
function statesOf({ store }: WebContext, { name, status, sinceMs }: CheckHealth, fromMs: number): StateChange[] {
  const written = checkStatesSince(store.reader, name, fromMs).filter(({ atMs }) => atMs < sinceMs)
  return [...written, { atMs: sinceMs, state: status }]
}

function statesWithin(states: readonly StateChange[], slot: number): ReadonlySet<string> {
  const startMs = slot * SLOT_MS
  const endMs = startMs + SLOT_MS
  const within = new Set<string>()
  for (const [i, { atMs, state }] of states.entries()) {
    const untilMs = states[i + 1]?.atMs ?? Number.POSITIVE_INFINITY
    if (atMs < endMs && untilMs > startMs) within.add(state)
  }
  return within
}

function isMeasured(book: HistoryBook, name: string, slot: number): boolean {
  const { ups, downs, held } = book.past(name, slot)
  return ups + downs + held > 0
}

function judge(
  book: HistoryBook,
  name: string,
  slot: number,
  states: ReadonlySet<string>,
  wasRunning: boolean,
): HistorySlot {
  const { ups, downs, held } = book.past(name, slot)
  if (downs > 0) return 'down'
  if (held > 0) return 'maintenance'
  if (ups > 0) return states.has('degraded') ? 'degraded' : 'up'
  return wasRunning && states.has('unknown') ? 'unknown' : 'none'
}
