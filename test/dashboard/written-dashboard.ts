import { children, type Expr, parse } from '../../src/promql/index.ts'

/** A dashboard as it stands in a file: whoever checks it must not trust its shape. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export function object(value: Json): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

export function list(value: Json): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(object) : []
}

export function text(value: Json): string {
  return typeof value === 'string' ? value : ''
}

/** Every panel, those of folded rows among them; without the rows. */
export function panelsOf(dashboard: JsonObject): readonly JsonObject[] {
  return list(dashboard.panels).flatMap((panel) => (panel.type === 'row' ? list(panel.panels) : [panel]))
}

/** A query of a dashboard, with the panel in which it stands. */
export interface PanelQuery {
  readonly panel: JsonObject
  readonly refId: string
  readonly expr: string
  readonly legend: string
  readonly isInstant: boolean
}

export function queriesOf(dashboard: JsonObject): readonly PanelQuery[] {
  return panelsOf(dashboard).flatMap((panel) =>
    list(panel.targets).map((target) => ({
      panel,
      refId: text(target.refId),
      expr: text(target.expr),
      legend: text(target.legendFormat),
      isInstant: target.instant === true,
    })),
  )
}

/** What Grafana puts in itself. `$__rate_interval` gets a length of its own, to be known again. */
export const MACROS: Readonly<Record<string, string>> = {
  __rate_interval: '5m',
  __interval: '1m',
  __range: '1h',
  __url_time_range: 'from=now-1h&to=now',
}

const REFERENCE = /\$\{([\w.]+)(?::\w+)?\}|\$(\w+)/g

/** Names of the variables that a text refers to, macros among them. */
export function variablesIn(written: string): readonly string[] {
  return [...written.matchAll(REFERENCE)].map((match) => match[1] ?? match[2] ?? '')
}

/** The text with macros put in, and with "All" for every variable. */
export function filledIn(written: string, macros = MACROS): string {
  return written.replace(REFERENCE, (_, braced, plain) => macros[braced ?? plain] ?? '.*')
}

/** The expression and everything inside it, outermost first. */
export function everything(expr: Expr): readonly Expr[] {
  return [expr, ...children(expr).flatMap(everything)]
}

export function parsed(expr: string, macros = MACROS): Expr {
  return parse(filledIn(expr, macros))
}
