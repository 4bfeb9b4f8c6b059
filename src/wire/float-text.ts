const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WORDS: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
  nan: Number.NaN,
})

/**
 * Reads a number as Prometheus reads sample values: Go's `ParseFloat` without hexadecimal floats and underscores.
 *
 * @returns undefined when the text is no number, or its magnitude is beyond a double (`1e999`)
 */
export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  return WORDS[text.toLowerCase()]
}

/** A sample value as text: the shortest decimal that reads back the same, `+Inf`, `-Inf`, `NaN`. */
export function formatFloatText(value: number): string {
  if (Number.isFinite(value)) return value === 0 && Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** As `formatFloatText`, always recognisable as a float (`1.0`): the canonical form of `le` and `quantile`. */
export function formatBoundText(value: number): string {
  const text = formatFloatText(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
