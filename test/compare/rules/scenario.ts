/** Series, step by step, and the rules that look at them. All times are numbers of steps. */
export interface RulesScenario {
  readonly seed: number
  /** What it is about, in a few words. */
  readonly about: string
  readonly series: readonly SeriesPlan[]
  readonly groups: readonly GroupPlan[]
}

export interface SeriesPlan {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** One for each step; undefined is a series that is not there. */
  readonly values: readonly (number | undefined)[]
}

export interface GroupPlan {
  readonly interval: 1 | 2
  readonly limit: number
  readonly rules: readonly RulePlan[]
}

export type RulePlan =
  | { readonly kind: 'record'; readonly record: string; readonly expr: string; readonly labels: Texts }
  | {
      readonly kind: 'alert'
      readonly alert: string
      readonly expr: string
      readonly for: number
      readonly keepFiringFor: number
      readonly labels: Texts
      readonly annotations: Texts
    }

export type Texts = Readonly<Record<string, string>>

/** Steps of a scenario. */
export const STEPS = 14
/** Prometheus' `--rules.alert.resend-delay`. */
export const RESEND_DELAY = 5
/** Steps in which the second target answers with an error. */
export const FAILING_STEPS: ReadonlySet<number> = new Set([4, 5, 9])

/** In expressions: that many steps, `«2.5»` of a second each is `2500ms`. */
export function withDurations(expr: string, stepMs: number): string {
  return expr.replace(/«([\d.]+)»/g, (_, steps: string) => `${Math.round(Number(steps) * stepMs)}ms`)
}
