import type { AnnotationQuery, Panel, RowPanel, VariableModel, Dashboard as WrittenDashboard } from '@grafana/schema'
import type { Options as BarGaugeOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen'
import type {
  FieldConfig as HeatmapFields,
  Options as HeatmapOptions,
} from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen'
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type {
  FieldConfig as StateTimelineFields,
  Options as StateTimelineOptions,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen'
import type {
  FieldConfig as TableFields,
  Options as TableOptions,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen'
import type {
  FieldConfig as TimeSeriesFields,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'

/**
 * Grafana's types, for what is written down as JSON: where they ask for a member of an enum, its value is taken. They are
 * needed while the code is checked and not when it runs.
 */
export type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : T
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]: Plain<T[Key]> }
        : T

/** What Grafana asks a Prometheus; `@grafana/schema` leaves it to the data source. */
export interface PrometheusQuery {
  readonly refId: string
  readonly expr: string
  readonly datasource: typeof DATASOURCE
  readonly editorMode: 'code'
  readonly instant: boolean
  readonly range: boolean
  readonly format?: 'time_series' | 'table' | 'heatmap'
  readonly legendFormat?: string
}

type Kind<Type extends string, Options, Fields> = Omit<
  Plain<Panel<object, Fields>>,
  'type' | 'options' | 'targets' | 'id' | 'gridPos'
> & {
  readonly type: Type
  readonly options: Plain<Options>
  readonly targets: readonly PrometheusQuery[]
}

/** Every kind of panel that is used here, with its own options. */
export type AnyPanel =
  | Kind<'stat', StatOptions, object>
  | Kind<'timeseries', TimeSeriesOptions, TimeSeriesFields>
  | Kind<'table', TableOptions, Partial<TableFields>>
  | Kind<'bargauge', BarGaugeOptions, object>
  | Kind<'state-timeline', StateTimelineOptions, StateTimelineFields>
  | Kind<'heatmap', HeatmapOptions, HeatmapFields>

export interface GridPos {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** A panel with its number and its place. */
export type PlacedPanel = AnyPanel & { readonly id: number; readonly gridPos: GridPos }
export type Row = Omit<Plain<RowPanel>, 'panels'> & { readonly panels: readonly PlacedPanel[] }
export type Variable = Plain<VariableModel>

/** Grafana keeps what an annotation of Prometheus shows beside what the schema knows. */
export type Annotation = Omit<Plain<AnnotationQuery>, 'target'> & {
  readonly target?: PrometheusQuery
  readonly titleFormat?: string
  readonly textFormat?: string
  readonly tagKeys?: string
}

/** A dashboard as Grafana reads it, schema version 42. */
export type Dashboard = Omit<Plain<WrittenDashboard>, 'panels' | 'annotations' | 'templating'> & {
  readonly uid: string
  readonly title: string
  readonly panels: readonly (PlacedPanel | Row)[]
  readonly annotations: { readonly list: readonly Annotation[] }
  readonly templating: { readonly list: readonly Variable[] }
}

/**
 * The data source that somebody chose on the dashboard. Only a variable works both in the import dialog and for files that
 * are provisioned.
 */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const
