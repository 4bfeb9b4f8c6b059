/** A value is held against a bound: the alert is there while `value op bound` is true. */
export interface Condition {
  readonly op: '>' | '>=' | '<' | '<=' | '==' | '!='
  readonly bound: number
}

/** The worse of two values: the lesser where more is wanted, else the greater. What is no number is worse than nothing only. */
export function worse(a: number | undefined, b: number, condition: Condition | undefined): number {
  if (a === undefined || Number.isNaN(a)) return b
  if (Number.isNaN(b)) return a
  return condition?.op === '<' || condition?.op === '<=' ? Math.min(a, b) : Math.max(a, b)
}

/**
 * `0.32 (threshold > 0.1)`.
 *
 * @returns undefined where it says nothing: the value is the bound itself
 */
export function measureText(value: number, condition: Condition | undefined): string | undefined {
  if (condition === undefined) return shortNumber(value)
  if (condition.op === '==') return undefined
  return `${shortNumber(value)} (threshold ${condition.op} ${shortNumber(condition.bound)})`
}

/** Four significant digits, or as many as a whole number has. */
export function shortNumber(value: number): string {
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(4)))
}
