import type { WebContext } from '../context.ts'
import type { CheckFilter } from '../page/filter.tsx'
import type { OverviewView } from '../page/overview.tsx'
import { alertViews } from './alerts.ts'
import { historiesOf } from './check-past.ts'
import { checkSummary } from './check-summary.ts'
import { ownProblems } from './own-problems.ts'

/** Everything at a glance: all checks, all alerts, and what is wrong with midwatch itself. */
export async function overviewView(context: WebContext, filter: CheckFilter): Promise<OverviewView> {
  const { board, rules, startedMs } = context
  const histories = await historiesOf(context)
  const infos = new Map(context.checks().map((info) => [info.name, info]))
  const alerts = alertViews(context)
  const evaluated = rules.groups.flatMap(({ lastEvaluationMs }) => lastEvaluationMs ?? [])
  return {
    summary: board.summary,
    startedAtMs: startedMs,
    evaluatedAtMs: evaluated.length === 0 ? undefined : Math.max(...evaluated),
    checks: board.checks.map((health) => checkSummary(health, infos.get(health.name), histories.get(health.name))),
    filter,
    alerts,
    problems: ownProblems(context, alerts.filter(({ state }) => state === 'firing').length),
  }
}
