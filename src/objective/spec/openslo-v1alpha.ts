import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import { ALL_STEPS, type Sli, type Slo } from '../slo.ts'
import type { SpecContext, SpecDocument, SpecFormat } from './document.ts'
import { type Fields, SpecReader } from './spec-reader.ts'

const DAY_MS = 86_400_000
const SOURCES = ['prometheus', 'sloth']

/** OpenSLO's first version as Sloth reads it: ratios of good events, windows of days, and no alerts. */
export const openSloV1Alpha: SpecFormat = {
  name: 'openslo/v1alpha SLO',
  matches: ({ apiVersion, kind }) => apiVersion === 'openslo/v1alpha' && kind === 'SLO',
  read(document, context) {
    const { root, file } = document
    const reader = new SpecReader(root, file)
    const object = reader.map(root, [], ['apiVersion', 'kind', 'metadata', 'spec']) ?? new Map()
    const metadata = reader.map(object.get('metadata'), ['metadata'], ['name', 'displayName', 'labels', 'annotations'])
    const spec = reader.map(object.get('spec'), ['spec'], SPEC_KEYS) ?? new Map()
    const name = reader.name(metadata?.get('name'), ['metadata', 'name'])
    const service = reader.name(spec.get('service'), ['spec', 'service'])
    const method = reader.text(spec.get('budgetingMethod'), ['spec', 'budgetingMethod']) ?? ''
    if (method !== '' && method.toLowerCase() !== 'occurrences') {
      const message = `${method} is read as Occurrences, as Sloth does: events count and not slices of time`
      reader.problem(['spec', 'budgetingMethod'], message, 'warning')
    }
    const periodMs = readPeriod(reader, spec)
    const objectives = reader.filledList(spec.get('objectives'), ['spec', 'objectives'], 'objective')
    const description = reader.text(spec.get('description'), ['spec', 'description']) ?? ''
    const common = { name, service, description, periodMs }
    const slos = objectives.flatMap((node, i) => readObjective(reader, node, i, common, document, context) ?? [])
    return { slos: reader.hasErrors ? [] : slos, problems: reader.problems }
  },
}

const SPEC_KEYS = ['timeWindows', 'budgetingMethod', 'description', 'indicator', 'service', 'objectives']

function readPeriod(reader: SpecReader, spec: Fields): number | undefined {
  const path = ['spec', 'timeWindows']
  const windows = reader.list(spec.get('timeWindows'), path)
  if (windows.length === 0) return undefined
  if (windows.length > 1) reader.problem([...path, 1], 'only 1 time window is supported')
  const fields = reader.map(windows[0], [...path, 0], ['unit', 'count', 'isRolling', 'calendar'])
  const unit = reader.text(fields?.get('unit'), [...path, 0, 'unit']) ?? ''
  if (unit.toLowerCase() !== 'day') {
    reader.problem(
      [...path, 0, 'unit'],
      `${JSON.stringify(unit)} can’t be measured: only windows of days can; write Day`,
    )
  }
  const count = reader.number(fields?.get('count'), [...path, 0, 'count'], 'a number of days such as 30')
  if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
    reader.problem([...path, 0, 'count'], `${count} is not a number of days`)
  }
  return count === undefined ? undefined : count * DAY_MS
}

function readObjective(
  reader: SpecReader,
  node: YamlNode,
  i: number,
  common: Pick<Slo, 'name' | 'service' | 'description' | 'periodMs'>,
  { file }: SpecDocument,
  { promql }: SpecContext,
): Slo | undefined {
  const path = ['spec', 'objectives', i]
  const fields = reader.map(node, path, ['displayName', 'op', 'value', 'target', 'timeSliceTarget', 'ratioMetrics'])
  const objective = reader.target(fields?.get('target'), [...path, 'target'])
  const sli = readRatio(reader, fields?.get('ratioMetrics'), [...path, 'ratioMetrics'], promql !== 'none')
  if (sli === undefined) return undefined
  return {
    ...common,
    id: `${common.service}-${common.name}-${i}`,
    name: `${common.name}-${i}`,
    objective,
    labels: {},
    sli,
    page: undefined,
    ticket: undefined,
    policy: 'workbook',
    windows: undefined,
    guards: { minEvents: 0, lowTraffic: undefined },
    steps: ALL_STEPS,
    checks: [],
    origin: { file, mode: 'cli-gen-openslo', spec: 'openslo/v1alpha', ...reader.placeOf(['metadata', 'name']) },
  }
}

function readRatio(reader: SpecReader, node: YamlNode | undefined, path: Path, isPromql: boolean): Sli | undefined {
  const fields = reader.map(node, path, ['incremental', 'counter', 'good', 'total'])
  if (fields === undefined) {
    reader.problem(path, 'is missing: only ratios of good and total events can be measured')
    return undefined
  }
  const good = readMetric(reader, fields, 'good', path, isPromql)
  const total = readMetric(reader, fields, 'total', path, isPromql)
  if (good === undefined || total === undefined) return undefined
  return { kind: 'raw', errorRatioQuery: errorRatio(good, total) }
}

/** The share of events that are not good, laid out as Sloth does. */
export function errorRatio(good: string, total: string): string {
  return `\n  1 - (\n    (\n      ${good}\n    )\n    /\n    (\n      ${total}\n    )\n  )\n`
}

function readMetric(
  reader: SpecReader,
  parent: Fields,
  key: 'good' | 'total',
  parentPath: Path,
  isPromql: boolean,
): string | undefined {
  const path = [...parentPath, key]
  const fields = reader.map(parent.get(key), path, ['source', 'queryType', 'query', 'metadata'])
  if (fields === undefined) {
    reader.problem(path, 'is missing; write {source: prometheus, queryType: promql, query: …}')
    return undefined
  }
  const source = reader.text(fields.get('source'), [...path, 'source']) ?? ''
  if (!SOURCES.includes(source)) {
    reader.problem([...path, 'source'], `${JSON.stringify(source)} can’t be asked; write prometheus`)
  }
  const queryType = reader.text(fields.get('queryType'), [...path, 'queryType']) ?? ''
  if (queryType !== 'promql') {
    reader.problem([...path, 'queryType'], `${JSON.stringify(queryType)} can’t be asked; write promql`)
  }
  return reader.query(fields.get('query'), [...path, 'query'], isPromql)?.text
}
