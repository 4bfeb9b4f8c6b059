import { type AnyPanel, DATASOURCE, type PrometheusQuery } from './grafana.ts'
import type { Unit } from './unit.ts'

export type Color = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text'

/** From this value on a panel takes another colour. */
export interface Limit {
  readonly at: number
  readonly color: Color
  /** The shipped alert whose limit this is. */
  readonly alert?: string
}

/** What is asked; `$__rate_interval` and the dashboard's variables may stand in it. */
export interface Ask {
  readonly expr: string
  /** How a series is called: `{{model}}`. */
  readonly legend?: string
}

/** Another dashboard to go on to. */
export interface Onward {
  readonly uid: string
  readonly title: string
  /** A label of the series that was clicked, which fills the variable of the same name there. */
  readonly by?: string
}

/** What every panel says of itself. */
export interface Common {
  /** What the panel's number is made of: its title unless told, so that a panel may move and keep its number. */
  readonly key?: string
  readonly title: string
  /** What it shows, and what to make of it. */
  readonly description: string
  readonly unit: Unit
  readonly ask: string | Ask | readonly Ask[]
  /** The colour below the first limit; green unless told. */
  readonly base?: Color
  readonly limits?: readonly Limit[]
  readonly min?: number
  readonly max?: number
  readonly decimals?: number
  readonly width?: number
  readonly height?: number
  readonly onward?: Onward
}

/** A panel that has no place yet. */
export interface Draft {
  readonly key: string
  readonly width: number
  readonly height: number
  readonly limits: readonly Limit[]
  readonly panel: AnyPanel
}

export function draft({ key, title, width, height, limits = [] }: Common, size: Size, panel: AnyPanel): Draft {
  return { key: key ?? title, width: width ?? size.width, height: height ?? size.height, limits, panel }
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** How Grafana is to ask: one number now, or a line over the time. */
export const NOW = { instant: true, range: false } as const
export const OVER_TIME = { instant: false, range: true } as const

/** The keys that stand on every kind of panel. */
export function frame(
  { title, description, ask, limits = [], onward }: Common,
  how: Pick<PrometheusQuery, 'instant' | 'range' | 'format'>,
) {
  const alerts = [...new Set(limits.flatMap(({ alert }) => alert ?? []))]
  const told = alerts.length === 0 ? '' : ` ${alerts.length === 1 ? 'Alert' : 'Alerts'}: ${alerts.join(', ')}.`
  const asks: readonly Ask[] = typeof ask === 'string' ? [{ expr: ask }] : 'expr' in ask ? [ask] : ask
  return {
    title,
    description: `${description}${told}`,
    datasource: DATASOURCE,
    targets: asks.map(
      ({ expr, legend }, i): PrometheusQuery => ({
        refId: String.fromCharCode(65 + i),
        expr: expr.trim().replace(/\n\s*/g, '\n'),
        datasource: DATASOURCE,
        editorMode: 'code',
        ...how,
        ...(legend === undefined ? {} : { legendFormat: legend }),
      }),
    ),
    ...(onward === undefined || onward.by !== undefined ? {} : { links: [dashboardLink(onward.title, urlOf(onward))] }),
  }
}

/** The keys of `fieldConfig.defaults` that stand on every kind of panel. */
export function fields({ unit, base = 'green', limits = [], min, max, decimals, onward }: Common) {
  return {
    unit,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(decimals === undefined ? {} : { decimals }),
    thresholds: {
      mode: 'absolute',
      steps: [{ color: base, value: null }, ...limits.map(({ at, color }) => ({ color, value: at }))],
    },
    ...(onward?.by === undefined ? {} : { links: [{ title: onward.title, url: urlOf(onward) }] }),
  } as const
}

/** The time and the data source go along. */
export function urlOf({ uid, by }: Omit<Onward, 'title'>): string {
  const of = by === undefined ? '' : `&var-${by}=\${__field.labels.${by}}`
  return `/d/${uid}?\${__url_time_range}&var-datasource=\${datasource}${of}`
}

export function dashboardLink(title: string, url: string) {
  return {
    title,
    url,
    type: 'link',
    icon: 'external link',
    tags: [],
    tooltip: '',
    asDropdown: false,
    includeVars: false,
    keepTime: false,
    targetBlank: false,
  } as const
}
