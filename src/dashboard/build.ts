import { type Draft, dashboardLink, type Limit } from './draft.ts'
import { DATASOURCE, type Dashboard, type PlacedPanel, type Row, type Variable } from './grafana.ts'

/** A variable that narrows the dashboard: one or more values of a label, all of them unless told. */
export interface Filter {
  /** The label's name, which is the variable's, too. */
  readonly label: string
  readonly title: string
  /** Its values are those of this metric's label. */
  readonly metric: string
}

/** Panels under one title, from left to right. */
export interface Section {
  readonly title: string
  readonly panels: readonly Draft[]
  readonly isCollapsed?: boolean
}

/** A dashboard as people write it down. */
export interface Board {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags?: readonly string[]
  /** What time is shown, up to now; `6h` unless told. */
  readonly span?: string
  readonly filters?: readonly Filter[]
  /** Names of alerts that are drawn as marks; all unless told. */
  readonly alerts?: readonly string[]
  /** The first says whether all is fine, the next why not, the last ones the details. */
  readonly sections: readonly Section[]
}

/** Every dashboard of midwatch has it; the links between them are made by it. */
export const TAG = 'midwatch'
const COLUMNS = 24
const SCHEMA_VERSION = 42

/** Makes the JSON of a dashboard: the same board gives the same bytes. */
export function build({
  uid,
  title,
  description,
  tags = [],
  span = '6h',
  filters = [],
  alerts,
  sections,
}: Board): Dashboard {
  return {
    uid,
    title,
    description,
    tags: [TAG, ...tags],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    timezone: 'browser',
    time: { from: `now-${span}`, to: 'now' },
    timepicker: {},
    fiscalYearStartMonth: 0,
    links: [{ ...dashboardLink('midwatch', ''), type: 'dashboards', tags: [TAG], asDropdown: true, keepTime: true }],
    annotations: { list: [firing(alerts)] },
    templating: { list: [datasource, ...filters.map(variable)] },
    panels: placed(sections),
  } satisfies Dashboard
}

const datasource: Variable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  query: 'prometheus',
  hide: 0,
  includeAll: false,
  multi: false,
  options: [],
  refresh: 1,
  regex: '',
  skipUrlSync: false,
}

function variable({ label, title, metric }: Filter): Variable {
  return {
    type: 'query',
    name: label,
    label: title,
    datasource: DATASOURCE,
    query: { query: `label_values(${metric}, ${label})`, refId: 'StandardVariableQuery' },
    // Not `.+`: a series without the label belongs to "All", too.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
    includeAll: true,
    multi: true,
    options: [],
    refresh: 2,
    regex: '',
    skipUrlSync: false,
    sort: 1,
  }
}

function firing(names: readonly string[] | undefined) {
  const which = names === undefined ? '' : `,alertname=~"${names.join('|')}"`
  return {
    name: 'Firing alerts',
    datasource: DATASOURCE,
    enable: true,
    hide: false,
    iconColor: 'red',
    target: {
      refId: 'Anno',
      expr: `ALERTS{alertstate="firing"${which}}`,
      datasource: DATASOURCE,
      editorMode: 'code',
      instant: false,
      range: true,
    },
    titleFormat: '{{alertname}}',
    textFormat: '{{severity}}',
    tagKeys: 'severity',
  } as const
}

/** Rows over panels, which fill lines of 24 columns from left to right. */
function placed(sections: readonly Section[]): (PlacedPanel | Row)[] {
  const numbers = new Numbers()
  const all: (PlacedPanel | Row)[] = []
  let y = 0
  for (const { title, panels, isCollapsed = false } of sections) {
    const row = { type: 'row', id: numbers.of(`row ${title}`), title, gridPos: { x: 0, y, w: COLUMNS, h: 1 } } as const
    const below = ++y
    let x = 0
    let lineHeight = 0
    const inside: PlacedPanel[] = []
    for (const { key, width, height, panel } of panels) {
      if (x + width > COLUMNS) {
        y += lineHeight
        x = 0
        lineHeight = 0
      }
      inside.push({ id: numbers.of(key), gridPos: { x, y, w: width, h: height }, ...panel })
      x += width
      lineHeight = Math.max(lineHeight, height)
    }
    y += lineHeight
    if (isCollapsed) {
      all.push({ ...row, collapsed: true, panels: inside })
      // What comes after moves down when it is opened.
      y = below
    } else all.push({ ...row, collapsed: false, panels: [] }, ...inside)
  }
  return all
}

/** Numbers of panels, made of their keys: links to a panel still lead to it when others come and go around it. */
class Numbers {
  readonly #taken = new Set<number>()

  of(key: string): number {
    // FNV-1a, cut to what a signed integer of 32 bits holds.
    let hash = 0x811c9dc5
    for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
    let id = (hash % 0x7ffffffe) + 1
    while (this.#taken.has(id)) id++
    this.#taken.add(id)
    return id
  }
}

/** The limits of a board that are those of shipped alerts, with the panel that draws them. */
export function limitsOf({ sections }: Board): readonly (Limit & { readonly panel: string })[] {
  return sections.flatMap(({ panels }) =>
    panels.flatMap(({ panel, limits }) => limits.map((limit) => ({ ...limit, panel: panel.title ?? '' }))),
  )
}

/** The text of the file, byte for byte. */
export function printed(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}
