/** Shares of a budget at which somebody wants to know, highest first. */
export const BUDGET_LEVELS = [0.5, 0.25, 0.1, 0] as const
/** A budget that comes back has to be so far above a level, so that one that trembles around it is told once. */
const RETURN = 0.02

/**
 * How many of the levels a budget is below; those that it was below before it leaves a little later than it came.
 *
 * @param before the answer of the last time; undefined for the first
 */
export function budgetLevel(left: number, before: number | undefined): number {
  const below = (margin: number) => BUDGET_LEVELS.filter((level) => left <= level + margin).length
  const now = below(0)
  return before === undefined || now >= before ? now : Math.min(before, below(RETURN))
}
