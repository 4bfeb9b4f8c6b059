import type { CheckHealth, HealthStatus, HealthSummary } from '../../model/health.ts'
import { STATUSES } from './status.tsx'
import { clipPlain, enumerate, formatCount, plural } from './text.tsx'

const NAMES_IN_HEADLINE = 4
const MAX_NAME = 60

/** Worst first, critical before others, then by name. */
export function byNeed(a: CheckHealth, b: CheckHealth): number {
  return (
    STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) ||
    Number(b.critical) - Number(a.critical) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  )
}

/** `All 12 checks are healthy`, `2 of 12 checks are unhealthy: database and shop`, … */
export function headline(summary: HealthSummary, checks: readonly CheckHealth[]): string {
  if (summary.total === 0) return 'Nothing is checked yet'
  const total = summary.total - summary.maintenance
  if (total === 0) return summary.total === 1 ? 'The only check is in maintenance' : 'All checks are in maintenance'
  const worst = STATUSES.find((status) => summary[status] > 0) ?? 'healthy'
  const count = summary[worst]
  const are = count === 1 ? 'is' : 'are'
  if (count === total) {
    const all =
      total === 1 ? 'The only check is' : total === 2 ? 'Both checks are' : `All ${formatCount(total)} checks are`
    return `${all} ${worst}${worst === 'healthy' ? '' : `: ${names(worst, checks)}`}`
  }
  return `${formatCount(count)} of ${plural(total, 'check')} ${are} ${worst}: ${names(worst, checks)}`
}

function names(status: HealthStatus, checks: readonly CheckHealth[]): string {
  const those = checks.filter((check) => check.status === status && check.maintenance === undefined).toSorted(byNeed)
  return enumerate(
    those.map(({ name }) => clipPlain(name, MAX_NAME)),
    NAMES_IN_HEADLINE,
  )
}

/** What the headline leaves out: the whole in a word, and why it is that word. */
export function overall(summary: HealthSummary): string {
  const rest = STATUSES.filter((status) => summary[status] > 0).slice(1)
  const counts = rest.map((status) => `${formatCount(summary[status])} ${status}`)
  const held = summary.maintenance === 0 ? [] : [`${formatCount(summary.maintenance)} in maintenance`]
  const others = counts.length + held.length === 0 ? '' : ` ${enumerate([...counts, ...held])}.`
  switch (summary.status) {
    case 'healthy':
      return others === '' ? '' : `Overall healthy.${others}`
    case 'degraded':
      return `Overall degraded: ${summary.unhealthy > 0 ? 'no critical check is unhealthy' : 'nothing is down'}.${others}`
    case 'unhealthy':
      return `Overall unhealthy because of a critical check.${others}`
    case 'unknown':
      return `Overall unknown.${others}`
  }
}

/** For the tab: `2 unhealthy`, `All healthy`. */
export function tabTitle(summary: HealthSummary): string {
  if (summary.total === 0) return 'No checks'
  const worst = STATUSES.find((status) => summary[status] > 0) ?? 'healthy'
  return worst === 'healthy' ? 'All healthy' : `${formatCount(summary[worst])} ${worst}`
}
