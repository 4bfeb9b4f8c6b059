import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { ALL_STEPS, type Sli, type Slo, type SloAlert } from '../slo.ts'
import type { SpecDocument, SpecFormat } from './document.ts'
import { readGuards } from './guard-fields.ts'
import { readOpenSloAlerts } from './openslo-alerts.ts'
import { readIndicator } from './openslo-indicator.ts'
import { type Fields, SpecReader } from './spec-reader.ts'

const DAY_MS = 86_400_000
const OBJECTIVE_KEYS = [
  'displayName',
  'op',
  'value',
  'target',
  'targetPercent',
  'timeSliceTarget',
  'timeSliceWindow',
  'indicator',
  'indicatorRef',
  'compositeWeight',
]

/** OpenSLO as it is written now: ratios, occurrences and rolling windows; everything else is refused with the reason. */
export const openSloV1: SpecFormat = {
  name: 'openslo/v1 SLO',
  matches: ({ apiVersion, kind }) => apiVersion === 'openslo/v1' && kind === 'SLO',
  read(document, context) {
    const { root, file } = document
    const reader = new SpecReader(root, file)
    const object = reader.map(root, [], ['apiVersion', 'kind', 'metadata', 'spec']) ?? new Map()
    const metadata = reader.map(object.get('metadata'), ['metadata'], ['name', 'displayName', 'labels', 'annotations'])
    const spec = reader.map(object.get('spec'), ['spec'], SPEC_KEYS) ?? new Map()
    const name = reader.name(metadata?.get('name'), ['metadata', 'name'])
    const service = reader.name(spec.get('service'), ['spec', 'service'])
    refuseOtherBudgets(reader, spec)
    const common = {
      name,
      service,
      description: reader.text(spec.get('description'), ['spec', 'description']) ?? '',
      periodMs: readPeriod(reader, spec),
      labels: readLabels(reader, metadata?.get('labels')),
      ...readOpenSloAlerts(reader, spec.get('alertPolicies'), ['spec', 'alertPolicies'], context, name),
    }
    const objectives = reader.filledList(spec.get('objectives'), ['spec', 'objectives'], 'objective')
    const shared = { reader, document, sli: readIndicator({ reader, document, context }, spec, ['spec']) }
    const slos = objectives.flatMap((node, i) => readObjective(node, i, common, shared) ?? [])
    return { slos: reader.hasErrors ? [] : slos, problems: reader.problems }
  },
}

/** What has a meaning only for the SLOs that refer to it. */
export const openSloV1Parts: SpecFormat = {
  name: 'openslo/v1',
  matches: ({ apiVersion, kind }) => apiVersion === 'openslo/v1' && PART_KINDS.includes(kind),
  read: () => ({ problems: [] }),
}

const PART_KINDS = ['SLI', 'Service', 'DataSource', 'AlertPolicy', 'AlertCondition', 'AlertNotificationTarget']

const SPEC_KEYS = [
  'description',
  'service',
  'indicator',
  'indicatorRef',
  'timeWindow',
  'budgetingMethod',
  'objectives',
  'alertPolicies',
]

function refuseOtherBudgets(reader: SpecReader, spec: Fields): void {
  const path = ['spec', 'budgetingMethod']
  const method = reader.text(spec.get('budgetingMethod'), path) ?? ''
  if (method.toLowerCase() === 'occurrences') return
  reader.problem(
    path,
    method === ''
      ? 'is missing; write Occurrences'
      : `${method} can’t be measured: recording rules count events and not slices of time; write Occurrences`,
  )
}

function readPeriod(reader: SpecReader, spec: Fields): number | undefined {
  const path = ['spec', 'timeWindow']
  const windows = reader.list(spec.get('timeWindow'), path)
  if (windows.length === 0) return undefined
  if (windows.length > 1) reader.problem([...path, 1], 'only one time window can be measured; write another SLO for it')
  const here = [...path, 0]
  const fields = reader.map(windows[0], here, ['duration', 'isRolling', 'calendar'])
  if (fields?.has('calendar')) {
    reader.problem(
      [...here, 'calendar'],
      'a budget that begins anew with the calendar can’t be measured; write {duration: 30d, isRolling: true}',
    )
    return undefined
  }
  if (!reader.switch(fields?.get('isRolling'), [...here, 'isRolling'])) {
    reader.problem([...here, 'isRolling'], 'only rolling windows can be measured; write isRolling: true')
  }
  const text = reader.text(fields?.get('duration'), [...here, 'duration']) ?? ''
  const match = /^([1-9]\d{0,3})([dw])$/.exec(text)
  if (match === null) {
    reader.problem(
      [...here, 'duration'],
      `${JSON.stringify(text)} can’t be measured: only whole days and weeks can; write 30d or 4w`,
    )
    return undefined
  }
  return Number(match[1]) * (match[2] === 'w' ? 7 : 1) * DAY_MS
}

/** Labels may be lists in OpenSLO; those that can be a label of a series become one. */
function readLabels(reader: SpecReader, node: YamlNode | undefined): Record<string, string> {
  const labels: Record<string, string> = {}
  if (node?.kind !== 'map') return labels
  for (const { key, value } of node.entries.values()) {
    const path = ['metadata', 'labels', key]
    const only = value.kind === 'list' && value.items.length === 1 ? value.items[0] : value
    const text = only?.kind === 'scalar' ? reader.text(only, path) : ''
    if (/^[a-zA-Z_]\w*$/.test(key) && key !== METRIC_NAME && text !== undefined && text !== '') labels[key] = text
    else
      reader.problem(
        path,
        'can’t be a label of series and changes nothing: it takes a name of letters, digits and _ and one value',
        'warning',
      )
  }
  return labels
}

interface Common extends Pick<Slo, 'name' | 'service' | 'description' | 'periodMs' | 'labels'> {
  readonly page: SloAlert | undefined
  readonly ticket: SloAlert | undefined
}

interface Shared {
  readonly reader: SpecReader
  readonly document: SpecDocument
  /** Undefined: it is faulty, and the faults are told. */
  readonly sli: Sli | undefined
}

function readObjective(node: YamlNode, i: number, common: Common, { reader, document, sli }: Shared): Slo | undefined {
  const path = ['spec', 'objectives', i]
  const fields = reader.map(node, path, OBJECTIVE_KEYS) ?? new Map()
  for (const key of ['indicator', 'indicatorRef', 'compositeWeight']) {
    if (fields.has(key)) {
      reader.problem([...path, key], 'belongs to a composite SLO, which can’t be measured; write an SLO for each part')
      return undefined
    }
  }
  for (const key of ['timeSliceTarget', 'timeSliceWindow']) {
    if (fields.has(key)) reader.problem([...path, key], 'belongs to time slices and changes nothing here', 'warning')
  }
  const objective = readTarget(reader, fields, path)
  if (sli === undefined) return undefined
  const { name, service } = common
  return {
    ...common,
    id: `${service}-${name}-${i}`,
    name: `${name}-${i}`,
    objective,
    sli,
    policy: 'workbook',
    windows: undefined,
    guards: readGuards(reader, new Map(), path, { guards: '', minEvents: '', lowTraffic: '' }, sli),
    steps: ALL_STEPS,
    checks: [],
    origin: {
      file: document.file,
      mode: 'cli-gen-openslo',
      spec: 'openslo/v1',
      ...reader.placeOf(['metadata', 'name']),
    },
  }
}

function readTarget(reader: SpecReader, fields: Fields, path: Path): number {
  const here = [...path, 'targetPercent']
  if (fields.has('targetPercent')) {
    if (fields.has('target')) reader.problem(here, 'and target say the same; leave one out')
    return reader.objective(reader.number(fields.get('targetPercent'), here, 'a percentage such as 99.9'), here)
  }
  return reader.target(fields.get('target'), [...path, 'target'])
}
