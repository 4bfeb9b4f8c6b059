import { formatProblem } from '../../model/problem.ts'
import { EVENTS } from '../../notify/event-sink.ts'
import { channelStates, outboxBacklog } from '../../store/outbox.ts'
import type { WebContext } from '../context.ts'
import type { OwnProblem } from '../page/overview.tsx'

const RULES_LATE_MS = 5 * 60_000
const OUTBOX_LATE_MS = 10 * 60_000
const MOST_NAMED = 3

/** What keeps midwatch itself from watching, judging or telling; the worst first. */
export function ownProblems(context: WebContext, firing: number): readonly OwnProblem[] {
  return [
    ...disk(context),
    ...lateRules(context),
    ...reload(context),
    ...failingRules(context),
    ...channels(context),
    ...outbox(context),
    ...nobodyTold(context, firing),
  ]
}

function* disk({ store }: WebContext): Generator<OwnProblem> {
  const { failingSinceMs, lastError } = store.writer.stats
  if (failingSinceMs === undefined) return
  yield {
    severity: 'error',
    title: 'The data file can’t be written',
    detail: `${lastError ?? 'unknown error'}. Checks, rules and alerts go on from memory; pushes are refused until it works.`,
    sinceMs: failingSinceMs,
    runbookUrl: 'docs/runbooks/midwatch-disk.md',
  }
}

function* lateRules({ rules, clock, startedMs }: WebContext): Generator<OwnProblem> {
  const { groups } = rules
  if (groups.length === 0) return
  // A group may have an interval of hours; the shortest one says whether the evaluation is alive.
  const shortestMs = Math.min(...groups.map(({ group }) => group.intervalMs ?? 0))
  const lastMs = Math.max(startedMs, ...groups.map(({ lastEvaluationMs }) => lastEvaluationMs ?? 0))
  if (clock.now() - lastMs <= RULES_LATE_MS + 2 * shortestMs) return
  yield {
    severity: 'error',
    title: 'Rules are not evaluated',
    detail: 'No alert can begin or end.',
    sinceMs: lastMs,
    runbookUrl: 'docs/runbooks/midwatch-late.md',
  }
}

function* reload({ lastReload }: WebContext): Generator<OwnProblem> {
  const { ok, atMs, problems } = lastReload()
  if (ok) return
  const errors = problems.filter(({ severity }) => severity === 'error')
  const named = errors.slice(0, MOST_NAMED).map(formatProblem)
  const more = errors.length > named.length ? ` (and ${errors.length - named.length} more)` : ''
  yield {
    severity: 'error',
    title: 'The configuration was refused',
    detail: `The one before it stays in use. ${named.join('; ')}${more}`,
    sinceMs: atMs,
    runbookUrl: 'docs/runbooks/midwatch-config.md',
  }
}

function* failingRules({ rules }: WebContext): Generator<OwnProblem> {
  const failing = rules.groups.flatMap(({ group, rules: members }) =>
    members
      .filter(({ health }) => health === 'err')
      .map(({ rule, lastError }) => ({
        place: `${group.name}/${rule.kind === 'alerting' ? rule.alert : rule.record}`,
        error: lastError ?? 'unknown error',
      })),
  )
  if (failing.length === 0) return
  const named = failing.slice(0, MOST_NAMED).map(({ place, error }) => `${place}: ${error}`)
  const more = failing.length > named.length ? ` (and ${failing.length - named.length} more)` : ''
  yield {
    severity: 'warning',
    title: failing.length === 1 ? 'A rule can’t be evaluated' : `${failing.length} rules can’t be evaluated`,
    detail: `${named.join('; ')}${more}`,
    sinceMs: undefined,
    runbookUrl: 'docs/runbooks/midwatch-rules.md',
  }
}

function* channels({ channelNames, store }: WebContext): Generator<OwnProblem> {
  const configured = new Set(channelNames())
  for (const { channel, failingSinceMs, lastError } of channelStates(store.reader)) {
    if (failingSinceMs === undefined || !configured.has(channel)) continue
    yield {
      severity: 'warning',
      title: `Messages through ${channel} do not arrive`,
      detail: lastError ?? 'unknown error',
      sinceMs: failingSinceMs,
      runbookUrl: 'docs/runbooks/midwatch-notifications.md',
    }
  }
}

function* outbox({ store, clock }: WebContext): Generator<OwnProblem> {
  const { pending, oldestMs } = outboxBacklog(store.reader)
  if (oldestMs === undefined || clock.now() - oldestMs <= OUTBOX_LATE_MS) return
  yield {
    severity: 'warning',
    title: pending === 1 ? 'A message waits to be delivered' : `${pending} messages wait to be delivered`,
    detail: 'It is tried again and again until it arrives or is too old.',
    sinceMs: oldestMs,
    runbookUrl: 'docs/runbooks/midwatch-notifications.md',
  }
}

function* nobodyTold({ channelNames }: WebContext, firing: number): Generator<OwnProblem> {
  if (firing === 0 || channelNames().some((name) => name !== EVENTS)) return
  yield {
    severity: 'warning',
    title: 'Nobody is told',
    detail: 'Alerts are firing, and no channel is configured. Write one under notify: in midwatch.yml, and reload.',
    sinceMs: undefined,
    runbookUrl: undefined,
  }
}
