import type { Labels } from '../model/labels.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'

/** The annotation that says what else is held back because of an alert, for messages and templates alike. */
export const HELD_BACK = 'held_back'

const MOST_NAMED = 5

/** Who depends on whom, as far as messages have to know it. */
interface DependenciesOf {
  isNeeded(name: string): boolean
  isHeldBackBy(other: string, name: string): boolean
}

/**
 * Which alerts are not told because of the check behind this one: `3 alerts of cart, search and shop, which depend on
 * database`; undefined when there are none.
 */
export function heldBackBy(
  labels: Labels,
  alerts: Iterable<NotifyAlert>,
  dependencies: DependenciesOf,
  nowMs: number,
): string | undefined {
  const check = labels.get('check')
  if (check === '' || !dependencies.isNeeded(check)) return undefined
  const counts = new Map<string, number>()
  for (const alert of alerts) {
    const other = alert.labels.get('check')
    if (other === '' || isResolved(alert, nowMs) || !dependencies.isHeldBackBy(other, check)) continue
    counts.set(other, (counts.get(other) ?? 0) + 1)
  }
  const count = [...counts.values()].reduce((sum, each) => sum + each, 0)
  if (count === 0) return undefined
  const depend = counts.size === 1 ? 'depends' : 'depend'
  return `${count} ${count === 1 ? 'alert' : 'alerts'} of ${named([...counts.keys()].sort())}, which ${depend} on ${check}`
}

function named(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED
  const shown = rest > 0 ? [...names.slice(0, MOST_NAMED), `${rest} more`] : names
  return shown.length === 1 ? (shown[0] as string) : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
