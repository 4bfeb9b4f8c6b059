import { Labels, METRIC_NAME } from '../../src/model/labels.ts'
import { parse } from '../../src/promql/index.ts'

export type SeriesValue =
  | { readonly kind: 'gap' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'value'; readonly number: number }

/** One line of series data: labels and values. */
export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SeriesValue[]
}

const NUMBER = String.raw`[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`
const ITEM = new RegExp(String.raw`^(${NUMBER})(?:([+-](?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))?(?:x(\d+))?$`, 'i')

/**
 * Reads `name{label="value"} 1 2+3x4 _ stale`.
 *
 * @throws Error when the line is no series
 */
export function parseSeriesLine(line: string): SeriesLine {
  const head =
    /^(?:[A-Za-z_:][\w:]*)?\s*(?:\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})?/.exec(line)?.[0] ?? ''
  const values: SeriesValue[] = []
  for (const item of line.slice(head.length).trim().split(/\s+/)) {
    if (item !== '') values.push(...parseItem(item))
  }
  return { labels: parseLabels(head.trim()), values }
}

function parseItem(item: string): SeriesValue[] {
  const gaps = /^_(?:x(\d+))?$/.exec(item)
  if (gaps !== null) return Array.from({ length: Number(gaps[1] ?? 1) }, () => ({ kind: 'gap' }) as const)
  const stale = /^stale(?:x(\d+))?$/.exec(item)
  if (stale !== null) return Array.from({ length: Number(stale[1] ?? 0) + 1 }, () => ({ kind: 'stale' }) as const)
  const match = ITEM.exec(item)
  if (match === null) throw new Error(`cannot read the value ${item}`)
  const step = Number(match[2] ?? 0)
  let number = toNumber(match[1] as string)
  return Array.from({ length: Number(match[3] ?? 0) + 1 }, (_, i) => {
    if (i > 0) number += step
    return { kind: 'value', number } as const
  })
}

function toNumber(text: string): number {
  return Number(text.replace(/inf/i, 'Infinity').replace(/nan/i, 'NaN').replace(/^\+/, ''))
}

/** Reads labels with the parser of selectors, which accepts what a label set may hold. */
export function parseLabels(text: string): Labels {
  if (text === '' || /^\{\s*\}$/.test(text)) return Labels.empty
  if (/^[\w:]+\s*\{\s*\}$/.test(text)) return Labels.of({ [METRIC_NAME]: text.replace(/\s*\{.*/, '') })
  // An empty value is an absent label, which a selector of nothing else would not accept.
  const expr = parse(text.replace(/\}$/, text.endsWith('{}') ? '}' : ',__any__=~".+"}'))
  if (expr.kind !== 'selector') throw new Error(`cannot read the labels ${text}`)
  return Labels.of(expr.matchers.filter(({ op }) => op === '=').map(({ name, value }) => [name, value] as const))
}
