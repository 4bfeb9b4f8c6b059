import { type Common, type Draft, draft, fields, frame, NOW, OVER_TIME } from './draft.ts'
import type { Unit } from './unit.ts'

/** Texts for numbers that stand for states: `{ 0: ['down', 'red'] }`. */
export type States = Readonly<Record<number, readonly [text: string, color: string]>>

/** What `probe_success` and `up` mean. */
export const UP_OR_DOWN: States = { 0: ['down', 'red'], 1: ['up', 'green'] }

function mappingsOf(states: States | undefined) {
  if (states === undefined) return {}
  const options = Object.entries(states).map(
    ([value, [text, color]], index) => [value, { text, color, index }] as const,
  )
  return { mappings: [{ type: 'value', options: Object.fromEntries(options) }] as const }
}

const REDUCE = { calcs: ['lastNotNull'], fields: '', values: false }

interface Stat extends Common {
  readonly states?: States
  /** What stands there where no series answers. */
  readonly noValue?: string
  /** A line over the time behind the number; the number alone unless told. */
  readonly isLine?: boolean
}

/** One number, with its colour. */
export function stat({ states, noValue, isLine = false, ...spec }: Stat): Draft {
  return draft(
    spec,
    { width: 4, height: 4 },
    {
      type: 'stat',
      ...frame(spec, isLine ? OVER_TIME : NOW),
      fieldConfig: {
        defaults: {
          ...fields(spec),
          color: { mode: 'thresholds' },
          ...mappingsOf(states),
          ...(noValue === undefined ? {} : { noValue }),
        },
        overrides: [],
      },
      options: {
        colorMode: 'background',
        graphMode: isLine ? 'area' : 'none',
        justifyMode: 'auto',
        orientation: 'auto',
        percentChangeColorMode: 'standard',
        reduceOptions: REDUCE,
        showPercentChange: false,
        textMode: 'auto',
        wideLayout: true,
      },
    },
  )
}

interface Graph extends Common {
  /** Lines one on top of the other, for parts of a whole. */
  readonly isStacked?: boolean
  /** Bars instead of lines, for what happened in each step. */
  readonly isBars?: boolean
}

/** Lines over the time; limits are drawn as dashed lines. */
export function graph({ isStacked = false, isBars = false, ...spec }: Graph): Draft {
  const { limits = [] } = spec
  return draft(
    spec,
    { width: 12, height: 8 },
    {
      type: 'timeseries',
      ...frame(spec, OVER_TIME),
      fieldConfig: {
        defaults: {
          ...fields(spec),
          color: { mode: 'palette-classic-by-name' },
          custom: {
            drawStyle: isBars ? 'bars' : 'line',
            lineInterpolation: 'linear',
            lineWidth: 1,
            fillOpacity: isStacked || isBars ? 40 : 8,
            pointSize: 4,
            showPoints: 'auto',
            spanNulls: false,
            axisSoftMin: 0,
            stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
            thresholdsStyle: { mode: limits.length === 0 ? 'off' : 'dashed' },
          },
        },
        overrides: [],
      },
      options: {
        legend: { calcs: ['mean', 'max', 'lastNotNull'], displayMode: 'table', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },
  )
}

/** A column of a table: a label, or the value of a query. */
export interface Column {
  /** The label's name, or `Value` for a single query, `Value #A` for one of several. */
  readonly field: string
  readonly title: string
  readonly unit?: Unit
  readonly decimals?: number
  readonly states?: States
  /** Colours of the cell: below the first limit, and from each on. */
  readonly base?: string
  readonly limits?: Common['limits']
}

interface Table extends Omit<Common, 'limits' | 'base'> {
  readonly columns: readonly Column[]
  /** The title of a column, greatest first. */
  readonly sortBy?: string
}

/** One line for each set of labels, with a column for each query. */
export function table({ columns, sortBy, ...spec }: Table): Draft {
  const limits = columns.flatMap((column) => column.limits ?? [])
  const all = { ...spec, limits }
  return draft(
    all,
    { width: 24, height: 8 },
    {
      type: 'table',
      ...frame(all, { ...NOW, format: 'table' }),
      fieldConfig: {
        defaults: { ...fields(spec), color: { mode: 'thresholds' }, custom: { align: 'auto', inspect: false } },
        overrides: columns.filter(({ unit, states, limits: own }) => unit ?? states ?? own).map(overrideOf),
      },
      options: {
        frameIndex: 0,
        showHeader: true,
        cellHeight: 'sm',
        ...(sortBy === undefined ? {} : { sortBy: [{ displayName: sortBy, desc: true }] }),
      },
      transformations: [
        ...(frame(all, NOW).targets.length > 1 ? [{ id: 'merge', options: {} }] : []),
        {
          id: 'organize',
          options: {
            excludeByName: { Time: true },
            indexByName: Object.fromEntries(columns.map(({ field }, i) => [field, i])),
            renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
          },
        },
      ],
    },
  )
}

function overrideOf({ title, unit, decimals, states, base, limits }: Column) {
  const properties: { id: string; value: unknown }[] = []
  if (unit !== undefined) properties.push({ id: 'unit', value: unit })
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals })
  if (states !== undefined) properties.push({ id: 'mappings', value: mappingsOf(states).mappings })
  if (limits !== undefined) {
    const { thresholds } = fields({
      limits,
      base: (base ?? 'green') as 'green',
      unit: 'none',
      ask: '',
      title: '',
      description: '',
    })
    properties.push({ id: 'thresholds', value: thresholds })
  }
  if (states !== undefined || limits !== undefined) {
    properties.push({ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } })
  }
  return { matcher: { id: 'byName', options: title }, properties }
}

/** One bar for each series, as it is now. */
export function bars(spec: Common): Draft {
  return draft(
    spec,
    { width: 12, height: 8 },
    {
      type: 'bargauge',
      ...frame(spec, NOW),
      fieldConfig: { defaults: { ...fields(spec), color: { mode: 'thresholds' } }, overrides: [] },
      options: {
        displayMode: 'basic',
        legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
        maxVizHeight: 300,
        minVizHeight: 16,
        minVizWidth: 8,
        namePlacement: 'auto',
        orientation: 'horizontal',
        reduceOptions: REDUCE,
        showUnfilled: true,
        sizing: 'auto',
        valueMode: 'color',
      },
    },
  )
}

/** One strip for each series, coloured by its state. */
export function states({ states: known, ...spec }: Common & { readonly states: States }): Draft {
  return draft(
    spec,
    { width: 24, height: 8 },
    {
      type: 'state-timeline',
      ...frame(spec, OVER_TIME),
      fieldConfig: {
        defaults: {
          ...fields(spec),
          color: { mode: 'thresholds' },
          ...mappingsOf(known),
          custom: { fillOpacity: 80, lineWidth: 0 },
        },
        overrides: [],
      },
      options: {
        alignValue: 'left',
        legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
        mergeValues: true,
        rowHeight: 0.9,
        showValue: 'never',
        tooltip: { mode: 'single', sort: 'none' },
      },
    },
  )
}

/** How often each size came, over the time: for histograms. Ask for `sum by (le) (increase(…_bucket[$__rate_interval]))`. */
export function heat(spec: Common): Draft {
  return draft(
    spec,
    { width: 12, height: 8 },
    {
      type: 'heatmap',
      ...frame(spec, { ...OVER_TIME, format: 'heatmap' }),
      fieldConfig: { defaults: fields(spec), overrides: [] },
      options: {
        calculate: false,
        cellGap: 1,
        color: { mode: 'scheme', scheme: 'Oranges', exponent: 0.5, fill: 'dark-orange', reverse: false, steps: 64 },
        exemplars: { color: 'rgba(255,0,255,0.7)' },
        legend: { show: true },
        showValue: 'never',
        tooltip: { mode: 'single', yHistogram: true },
        yAxis: { unit: spec.unit },
      },
    },
  )
}
