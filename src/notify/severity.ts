/** What people call severities, the worst first; others come between what is high and what is medium. */
const RANKS: Readonly<Record<string, number>> = {
  critical: 0,
  page: 0,
  high: 1,
  error: 1,
  medium: 3,
  warning: 3,
  ticket: 3,
  low: 4,
  info: 4,
  none: 4,
}
const UNKNOWN = 2
const ABSENT = 5

/** Orders by severity, the worst first; undefined, where nothing fires, is last. */
export function bySeverity(a: string | undefined, b: string | undefined): number {
  return rank(a) - rank(b)
}

function rank(severity: string | undefined): number {
  if (severity === undefined) return ABSENT
  return Object.hasOwn(RANKS, severity) ? (RANKS[severity] as number) : UNKNOWN
}
