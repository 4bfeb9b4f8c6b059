import { UNITS } from '../../src/dashboard/unit.ts'
import { type Call, children, type Expr, PromqlError, typeOf, type VectorSelector } from '../../src/promql/index.ts'
import { alerts } from '../rules/shipped.ts'
import {
  everything,
  type JsonObject,
  list,
  MACROS,
  object,
  panelsOf,
  parsed,
  queriesOf,
  text,
  variablesIn,
} from './written-dashboard.ts'

/** What there is to hold dashboards against. */
export interface Surroundings {
  /** Every dashboard of the set, by file. */
  readonly all: ReadonlyMap<string, JsonObject>
  /** Labels that the series of a metric carry; undefined for a metric that nobody knows. */
  labelsOf(metric: string): ReadonlySet<string> | undefined
  /** Alerts of which the operator's own KPIs and objectives are made, besides the shipped ones. */
  readonly otherAlerts?: readonly string[]
}

/** A rule that every dashboard keeps; gives what is wrong. */
interface Rule {
  readonly name: string
  look(dashboard: JsonObject, surroundings: Surroundings): readonly string[]
}

export interface Fault {
  readonly rule: string
  readonly message: string
}

const KINDS = ['stat', 'timeseries', 'table', 'bargauge', 'state-timeline', 'heatmap']
const DATASOURCE = '${datasource}'
const COLUMNS = 24
const DURATION = /^\d+[smhd]$/
const COUNTER = /_(?:total|count|sum|bucket)$/
const READS_COUNTERS = ['rate', 'irate', 'increase', 'resets', 'changes', 'absent', 'absent_over_time']
/** A counter whose whole number since the start is what matters; its alert reads it the same way. */
const WHOLE = new Set(['midwatch_storage_corruptions_total'])

const inPanels =
  (look: (panel: JsonObject, dashboard: JsonObject, surroundings: Surroundings) => readonly string[]): Rule['look'] =>
  (dashboard, surroundings) =>
    panelsOf(dashboard).flatMap((panel) =>
      look(panel, dashboard, surroundings).map((message) => `${text(panel.title)}: ${message}`),
    )

const inQueries =
  (look: (expr: Expr, surroundings: Surroundings, dashboard: JsonObject) => readonly string[]): Rule['look'] =>
  (dashboard, surroundings) =>
    queriesOf(dashboard).flatMap(({ panel, refId, expr }) => {
      const tree = parsedOrNot(expr)
      const messages = tree === undefined ? [] : look(tree, surroundings, dashboard)
      return messages.map((message) => `${text(panel.title)} ${refId}: ${message}`)
    })

/** Macros get lengths that nobody writes, so that they are known again in the tree. */
const KNOWN_AGAIN = { ...MACROS, __rate_interval: '7m7s' }
const RATE_INTERVAL_MS = 427_000

function parsedOrNot(expr: string): Expr | undefined {
  try {
    return parsed(expr, KNOWN_AGAIN)
  } catch {
    return undefined
  }
}

function selectorsOf(tree: Expr): readonly VectorSelector[] {
  return everything(tree).filter((part) => part.kind === 'selector')
}

function ifNot(isFine: boolean, message: string): readonly string[] {
  return isFine ? [] : [message]
}

function repeated<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))]
}

export const rules: readonly Rule[] = [
  {
    name: 'title',
    look: ({ title }, { all }) => [
      ...ifNot(text(title) !== '' && text(title).toLowerCase() !== 'general', `the title ${title} is none`),
      ...ifNot([...all.values()].filter((other) => other.title === title).length < 2, `two are called ${title}`),
    ],
  },
  {
    name: 'uid',
    look: ({ uid }, { all }) => [
      ...ifNot(/^[a-zA-Z0-9_-]{1,40}$/.test(text(uid)), `${uid} is not a uid`),
      ...ifNot([...all.values()].filter((other) => other.uid === uid).length < 2, `two have the uid ${uid}`),
    ],
  },
  {
    name: 'description',
    look: (dashboard, surroundings) => [
      ...ifNot(text(dashboard.description) !== '', 'the dashboard says nothing of itself'),
      ...inPanels(({ title, description }) => [
        ...ifNot(text(title) !== '', 'a panel has no title'),
        ...ifNot(text(description) !== '', 'has no description'),
      ])(dashboard, surroundings),
    ],
  },
  {
    name: 'whole',
    look: ({ id, editable, schemaVersion, refresh, time, tags }) => [
      ...ifNot(id === undefined || id === null, 'carries the id of one Grafana'),
      ...ifNot(editable === false, 'can be edited, and the next start undoes it'),
      ...ifNot(schemaVersion === 42, `schemaVersion is ${schemaVersion}`),
      ...ifNot(
        DURATION.test(text(refresh)) && !/^[0-4]s$/.test(text(refresh)),
        `refresh ${refresh} is too often or none`,
      ),
      ...ifNot(/^now-\d+[hd]$/.test(text(object(time).from)) && object(time).to === 'now', 'shows no time up to now'),
      ...ifNot(Array.isArray(tags) && tags.includes('midwatch'), 'lacks the tag midwatch, so links do not find it'),
    ],
  },
  {
    name: 'ids',
    look: (dashboard) => {
      const ids = [...list(dashboard.panels).filter(({ type }) => type === 'row'), ...panelsOf(dashboard)].map(
        ({ id }) => id,
      )
      return [
        ...ids
          .filter((id) => !Number.isInteger(id) || Number(id) < 1 || Number(id) > 0x7fffffff)
          .map((id) => `${id} is no id`),
        ...repeated(ids).map((id) => `the id ${id} is there twice`),
      ]
    },
  },
  {
    name: 'grid',
    look: (dashboard) => {
      const rows = list(dashboard.panels)
      const together = [rows, ...rows.map(({ panels }) => list(panels))]
      return together.flatMap((panels) => [
        ...panels.flatMap(({ title, gridPos }) => {
          const { x, y, w, h } = object(gridPos)
          const isPlaced = [x, y, w, h].every((one) => Number.isInteger(one) && Number(one) >= 0)
          const isInside = Number(w) > 0 && Number(h) > 0 && Number(x) + Number(w) <= COLUMNS
          return ifNot(isPlaced && isInside, `${title} has no place within ${COLUMNS} columns`)
        }),
        ...panels.flatMap((one, i) =>
          panels
            .slice(i + 1)
            .flatMap((other) => ifNot(!overlap(one, other), `${one.title} and ${other.title} overlap`)),
        ),
      ])
    },
  },
  {
    name: 'lines',
    look: (dashboard) => {
      const places = panelsOf(dashboard).map(({ gridPos }) => object(gridPos))
      const widths = new Map<number, number>()
      for (const { y, w } of places) widths.set(Number(y), (widths.get(Number(y)) ?? 0) + Number(w))
      return [...widths]
        .filter(([, width]) => width !== COLUMNS)
        .map(([y, width]) => `the line at ${y} is ${width} columns wide`)
    },
  },
  {
    name: 'rows',
    look: ({ panels }) => [
      ...ifNot(list(panels)[0]?.type === 'row', 'does not begin with a row'),
      ...list(panels).flatMap(({ type, title, collapsed, panels: inner }) =>
        type !== 'row'
          ? []
          : ifNot(text(title) !== '' && (collapsed === true || list(inner).length === 0), `the row ${title} is torn`),
      ),
    ],
  },
  { name: 'kind', look: inPanels(({ type }) => ifNot(KINDS.includes(text(type)), `${type} is no kind of panel here`)) },
  {
    name: 'datasource',
    look: (dashboard, surroundings) => {
      const variable = list(object(dashboard.templating).list)[0] ?? {}
      const isFine = (source: JsonObject) => source.type === 'prometheus' && source.uid === DATASOURCE
      return [
        ...ifNot(
          variable.name === 'datasource' && variable.type === 'datasource' && variable.query === 'prometheus',
          'the first variable has to be the data source, named datasource',
        ),
        ...ifNot(variable.label === 'Data source', 'the data source is labelled otherwise'),
        ...inPanels(({ datasource, targets }) => [
          ...ifNot(isFine(object(datasource)), 'names a data source of its own'),
          ...list(targets).flatMap((target) =>
            ifNot(isFine(object(target.datasource)), `${target.refId} names a data source of its own`),
          ),
        ])(dashboard, surroundings),
        ...list(object(dashboard.annotations).list).flatMap(({ name, datasource }) =>
          ifNot(isFine(object(datasource)), `the annotation ${name} names a data source of its own`),
        ),
      ]
    },
  },
  {
    name: 'variables',
    look: (dashboard) => {
      const variables = list(object(dashboard.templating).list)
      const names = variables.map(({ name }) => text(name))
      const { templating: _, ...rest } = dashboard
      const used = new Set(variablesIn(JSON.stringify(rest)))
      const isOurs = (name: string) => !name.startsWith('__') && !/^\d+$/.test(name)
      return [
        ...repeated(names).map((name) => `the variable ${name} is there twice`),
        ...[...used].filter((name) => isOurs(name) && !names.includes(name)).map((name) => `$${name} is not defined`),
        ...[...used]
          .filter(
            (name) => !isOurs(name) && !/^\d/.test(name) && !(name in MACROS) && !name.startsWith('__field.labels.'),
          )
          .map((name) => `$${name} is no macro`),
        ...names.filter((name) => !used.has(name)).map((name) => `$${name} is not used`),
        ...variables
          .slice(1)
          .flatMap(({ name, type, label, multi, includeAll, allValue, refresh, datasource, query }) => [
            ...ifNot(
              type === 'query' && object(datasource).uid === DATASOURCE,
              `$${name} does not ask the data source`,
            ),
            ...ifNot(text(label) !== '', `$${name} has no label`),
            ...ifNot(multi === true && includeAll === true && allValue === '.*', `$${name} has no "All"`),
            ...ifNot(refresh === 2, `$${name} is not asked for again when the time changes`),
            ...ifNot(/^label_values\(\w+, \w+\)$/.test(text(object(query).query)), `$${name} asks for no label`),
          ]),
      ]
    },
  },
  {
    name: 'variable values',
    look: (dashboard, { labelsOf }) =>
      filtersOf(dashboard).flatMap(({ metric, label }) =>
        ifNot(labelsOf(metric)?.has(label) ?? false, `$${label} asks ${metric} for a label that it has not`),
      ),
  },
  {
    name: 'filtered',
    look: inQueries((tree, { labelsOf }, dashboard) =>
      filtersOf(dashboard).flatMap(({ metric, label }) =>
        selectorsOf(tree)
          .filter(({ name }) => familyOf(name) === familyOf(metric) && labelsOf(name)?.has(label))
          .filter(
            ({ matchers }) => !matchers.some((one) => one.name === label && one.op === '=~' && one.value === '.*'),
          )
          .map(({ name }) => `${name} is not narrowed by $${label}`),
      ),
    ),
  },
  {
    name: 'targets',
    look: inPanels(({ targets }) => [
      ...ifNot(list(targets).length > 0, 'asks for nothing'),
      ...repeated(list(targets).map(({ refId }) => refId)).map((refId) => `the refId ${refId} is there twice`),
      ...list(targets).flatMap(({ refId, expr, instant, range }) => [
        ...ifNot(text(refId) !== '' && text(expr) !== '', 'has a target without a name or an expression'),
        ...ifNot((instant === true) !== (range === true), `${refId} is neither of one moment nor over the time`),
      ]),
    ]),
  },
  {
    name: 'unit',
    look: inPanels(({ type, fieldConfig }) => {
      const { defaults, overrides } = object(fieldConfig)
      const units = list(overrides).flatMap(({ properties }) =>
        list(properties)
          .filter(({ id }) => id === 'unit')
          .map(({ value }) => value),
      )
      return [object(defaults).unit, ...units].flatMap((unit) =>
        ifNot(text(unit) in UNITS || /^suffix:./.test(text(unit)), `${type} has the unit ${unit}, which is none`),
      )
    }),
  },
  {
    name: 'promql',
    look: (dashboard) => {
      const annotations = list(object(dashboard.annotations).list).map(({ target }) => text(object(target).expr))
      return [...queriesOf(dashboard).map(({ expr }) => expr), ...annotations].flatMap((expr) => {
        try {
          const type = typeOf(parsed(expr))
          return ifNot(type === 'vector' || type === 'scalar', `${expr} gives a ${type}`)
        } catch (error) {
          if (error instanceof PromqlError) return [`${expr}: ${error.message}`]
          throw error
        }
      })
    },
  },
  {
    name: 'rate interval',
    look: inQueries((tree) =>
      everything(tree)
        .filter((part): part is Call => part.kind === 'call' && (part.name === 'rate' || part.name === 'irate'))
        .filter(({ args: [arg] }) => !(arg?.kind === 'range' && arg.rangeMs === RATE_INTERVAL_MS))
        .map(({ name }) => `${name} does not use $__rate_interval`),
    ),
  },
  {
    name: 'counter',
    look: inQueries((tree) =>
      bareCounters(tree).map((name) => `${name} is a counter and is read without rate or increase`),
    ),
  },
  {
    name: 'quantile',
    look: inQueries((tree) =>
      everything(tree)
        .filter((part): part is Call => part.kind === 'call' && part.name === 'histogram_quantile')
        .filter(({ args: [, of] }) => of?.kind === 'aggregate' && of.without === of.grouping.includes('le'))
        .map(() => 'histogram_quantile gets no le'),
    ),
  },
  {
    name: 'metrics',
    look: inQueries((tree, { labelsOf }) =>
      selectorsOf(tree).flatMap(({ name, matchers }) => {
        const labels = labelsOf(name)
        if (labels === undefined) return [`nobody knows ${name}`]
        return matchers
          .filter((one) => one.name !== '__name__' && !labels.has(one.name))
          .map((one) => `${name} has no label ${one.name}`)
      }),
    ),
  },
  {
    name: 'legend',
    look: inPanels(({ type, targets }) =>
      list(targets).flatMap(({ refId, legendFormat }) =>
        ifNot(
          !['timeseries', 'bargauge', 'state-timeline', 'heatmap'].includes(text(type)) || text(legendFormat) !== '',
          `${refId} has no legend, so it shows every label`,
        ),
      ),
    ),
  },
  {
    name: 'thresholds',
    look: inPanels(({ fieldConfig }) => {
      const { defaults, overrides } = object(fieldConfig)
      const own = list(overrides).flatMap(({ properties }) =>
        list(properties)
          .filter(({ id }) => id === 'thresholds')
          .map(({ value }) => object(value)),
      )
      return [object(object(defaults).thresholds), ...own].flatMap(({ steps }) => {
        const values = list(steps).map(({ value }) => value)
        const isRising = values
          .slice(1)
          .every((value, i) => typeof value === 'number' && (i === 0 || value > Number(values[i])))
        return ifNot(values[0] === null && isRising, `thresholds ${values.join(', ')} do not rise from nothing`)
      })
    }),
  },
  {
    name: 'links',
    look: (dashboard, { all }) =>
      [...JSON.stringify(dashboard.panels).matchAll(/"url":"(.*?)"/g)].flatMap(([, url = '']) => {
        const [, uid, query = ''] = /^\/d\/([\w-]+)\?(.*)$/.exec(url) ?? []
        const there = [...all.values()].find((other) => other.uid === uid)
        if (there === undefined) return [`${url} leads nowhere`]
        const names = list(object(there.templating).list).map(({ name }) => name)
        return [...query.matchAll(/var-(\w+)=/g)].flatMap(([, name]) =>
          ifNot(names.includes(name), `${url} fills ${name}, which ${uid} has not`),
        )
      }),
  },
  {
    name: 'alerts',
    look: (dashboard, { otherAlerts = [] }) => {
      const known = new Set([...alerts.map(({ name }) => name), ...otherAlerts])
      const told = panelsOf(dashboard).flatMap(({ description }) =>
        [...text(description).matchAll(/Alerts?: ([\w, ]+)\./g)].flatMap(([, names = '']) => names.split(', ')),
      )
      const marked = list(object(dashboard.annotations).list).flatMap(
        ({ target }) => /alertname=~"([^"]+)"/.exec(text(object(target).expr))?.[1]?.split('|') ?? [],
      )
      return [...new Set([...told, ...marked])]
        .filter((name) => !known.has(name))
        .map((name) => `there is no alert ${name}`)
    },
  },
]

/** Everything that is wrong with one dashboard. */
export function faultsOf(dashboard: JsonObject, surroundings: Surroundings): readonly Fault[] {
  return rules.flatMap(({ name, look }) => look(dashboard, surroundings).map((message) => ({ rule: name, message })))
}

/** Metrics and labels of the variables that narrow a dashboard. */
export function filtersOf(dashboard: JsonObject): readonly { readonly metric: string; readonly label: string }[] {
  return list(object(dashboard.templating).list).flatMap(({ query }) => {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(text(object(query).query)) ?? []
    return metric === undefined || label === undefined ? [] : { metric, label }
  })
}

/** Metrics of one family begin with the same word. */
function familyOf(metric: string): string {
  return metric.split(/[_:]/)[0] ?? ''
}

function overlap(one: JsonObject, other: JsonObject): boolean {
  const [a, b] = [object(one.gridPos), object(other.gridPos)]
  const isBeside = (start: string, length: string) =>
    Number(a[start]) + Number(a[length]) <= Number(b[start]) || Number(b[start]) + Number(b[length]) <= Number(a[start])
  return !isBeside('x', 'w') && !isBeside('y', 'h')
}

function bareCounters(tree: Expr): readonly string[] {
  if (tree.kind === 'call' && READS_COUNTERS.includes(tree.name)) return []
  // How many there are, whatever their values.
  if (tree.kind === 'aggregate' && tree.op === 'count' && tree.expr.kind === 'selector') return []
  if (tree.kind === 'selector') return COUNTER.test(tree.name) && !WHOLE.has(tree.name) ? [tree.name] : []
  return children(tree).flatMap(bareCounters)
}
