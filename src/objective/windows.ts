const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Two windows over which the same burn has to be seen: the long one says that it matters, the short one that it goes on. */
export interface WindowPair {
  /** How much of the period's budget is gone when the alert fires, in percent. */
  readonly budgetPercent: number
  readonly shortMs: number
  readonly longMs: number
  /** In place of the factor that follows from `budgetPercent`, for one of the windows. */
  readonly shortFactor?: number
  readonly longFactor?: number
}

/** When a burn is told, for one period. */
export interface AlertWindows {
  readonly periodMs: number
  readonly page: { readonly quick: WindowPair; readonly slow: WindowPair }
  readonly ticket: { readonly quick: WindowPair; readonly slow: WindowPair }
}

export const DEFAULT_PERIOD_MS = 30 * DAY_MS
/** Periods that Sloth brings along. */
export const SLOTH_PERIODS_MS: readonly number[] = [28 * DAY_MS, DEFAULT_PERIOD_MS]
const SHORTEST_PERIOD_MS = 7 * DAY_MS
/** Factors below those of 28 days would tell of a budget that is not even used up faster than it comes in. */
const FULL_SHARES_FROM_MS = 28 * DAY_MS

/** @see Google, The Site Reliability Workbook, ch. 5, https://sre.google/workbook/alerting-on-slos/ */
const WORKBOOK: AlertWindows = {
  periodMs: DEFAULT_PERIOD_MS,
  page: {
    quick: { budgetPercent: 2, shortMs: 5 * MINUTE_MS, longMs: HOUR_MS },
    slow: { budgetPercent: 5, shortMs: 30 * MINUTE_MS, longMs: 6 * HOUR_MS },
  },
  ticket: {
    quick: { budgetPercent: 10, shortMs: 2 * HOUR_MS, longMs: DAY_MS },
    slow: { budgetPercent: 10, shortMs: 6 * HOUR_MS, longMs: 3 * DAY_MS },
  },
}

/** The windows of a period that Sloth has by itself: 28 and 30 days. */
export function slothWindows(periodMs: number): AlertWindows | undefined {
  return SLOTH_PERIODS_MS.includes(periodMs) ? { ...WORKBOOK, periodMs } : undefined
}

/**
 * The workbook's windows for any period from 7 days on. From 28 days on its shares of the budget hold; shorter periods keep the
 * factors of 30 days, since those shares would give factors below 1.
 */
export function scaledWindows(periodMs: number): AlertWindows | undefined {
  if (periodMs < SHORTEST_PERIOD_MS) return undefined
  if (periodMs >= FULL_SHARES_FROM_MS) return { ...WORKBOOK, periodMs }
  const keep = (pair: WindowPair): WindowPair => {
    const factor = burnFactor(pair, DEFAULT_PERIOD_MS)
    return { ...pair, shortFactor: factor, longFactor: factor }
  }
  const { page, ticket } = WORKBOOK
  return {
    periodMs,
    page: { quick: keep(page.quick), slow: keep(page.slow) },
    ticket: { quick: keep(ticket.quick), slow: keep(ticket.slow) },
  }
}

/**
 * How many times faster than sustainable the budget burns when `budgetPercent` of it is gone after the long window. The order of
 * the operations is Sloth's, down to the last digit: 5.6000000000000005 and not 5.6 for 28 days.
 */
export function burnFactor({ budgetPercent, longMs }: WindowPair, periodMs: number): number {
  return (budgetPercent * hours(periodMs)) / 100 / hours(longMs)
}

/** As Go's `Duration.Hours()`: whole hours and the rest are divided apart from each other. */
export function hours(ms: number): number {
  return Math.floor(ms / HOUR_MS) + ((ms % HOUR_MS) * 1e6) / 3.6e12
}

/** Every window of the pairs, each once, shortest first. */
export function distinctWindows({ page, ticket }: AlertWindows): readonly number[] {
  const all = [page.quick, page.slow, ticket.quick, ticket.slow].flatMap(({ shortMs, longMs }) => [shortMs, longMs])
  return [...new Set(all)].sort((a, b) => a - b)
}
