import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import { eventsSli } from '../event-count.ts'
import type { Sli } from '../slo.ts'
import type { SpecContext, SpecDocument } from './document.ts'
import { type Fields, type Query, SpecReader } from './spec-reader.ts'

interface Place {
  readonly reader: SpecReader
  readonly document: SpecDocument
  readonly context: SpecContext
}

/** What an SLO of OpenSLO v1 measures, written in it or by itself. */
export function readIndicator(place: Place, fields: Fields, path: Path): Sli | undefined {
  const { reader, context } = place
  if (fields.has('indicator') && fields.has('indicatorRef')) {
    reader.problem([...path, 'indicatorRef'], 'and indicator can’t both be measured; leave one out')
    return undefined
  }
  if (!fields.has('indicatorRef')) {
    const here = [...path, 'indicator']
    const inline = reader.map(fields.get('indicator'), here, ['metadata', 'spec'])
    if (inline === undefined) reader.problem(here, 'is missing; write {spec: {ratioMetric: …}} or indicatorRef')
    return inline && readSpec(place, inline.get('spec'), [...here, 'spec'])
  }
  const name = reader.text(fields.get('indicatorRef'), [...path, 'indicatorRef']) ?? ''
  const document = context.objects.find('SLI', name)
  if (document === undefined) {
    reader.problem([...path, 'indicatorRef'], context.objects.notFound('SLI', name))
    return undefined
  }
  const there = new SpecReader(document.root, document.file)
  const object = there.map(document.root, [], ['apiVersion', 'kind', 'metadata', 'spec'])
  const sli = readSpec({ reader: there, document, context }, object?.get('spec'), ['spec'])
  reader.problems.push(...there.problems)
  return sli
}

function readSpec(place: Place, node: YamlNode | undefined, path: Path): Sli | undefined {
  const { reader } = place
  const fields = reader.map(node, path, ['description', 'ratioMetric', 'thresholdMetric'])
  if (fields?.has('thresholdMetric')) {
    reader.problem(
      [...path, 'thresholdMetric'],
      'compares one number with a limit at each moment, which can’t be measured as events; write a ratioMetric, such as requests under the limit of all requests',
    )
    return undefined
  }
  const here = [...path, 'ratioMetric']
  const ratio = reader.map(fields?.get('ratioMetric'), here, ['counter', 'good', 'bad', 'total', 'raw', 'rawType'])
  if (ratio === undefined) {
    reader.problem(here, 'is missing; write good or bad, and total')
    return undefined
  }
  return ratio.has('raw') ? readRaw(place, ratio, here) : readRatio(place, ratio, here)
}

function readRatio(place: Place, ratio: Fields, path: Path): Sli | undefined {
  const { reader } = place
  const written = ['good', 'bad'].filter((key) => ratio.has(key))
  const [part] = written
  if (part === undefined || written.length > 1) {
    reader.problem(path, 'needs one of good and bad, beside total')
    return undefined
  }
  const some = readMetric(place, ratio, part, path)
  const total = readMetric(place, ratio, 'total', path)
  if (some === undefined || total === undefined) return undefined
  if (some.text === total.text) reader.problem([...path, part], 'is the same query as total')
  if (part === 'bad') return eventsSli(some, total)
  // Of good events that nobody has counted yet there were none, and all are errors.
  const text = `(${total.text}) - ((${some.text}) or 0 * (${total.text}))`
  return eventsSli({ text, expr: undefined }, total)
}

function readRaw(place: Place, ratio: Fields, path: Path): Sli | undefined {
  const { reader } = place
  for (const key of ['good', 'bad', 'total']) {
    if (ratio.has(key)) reader.problem([...path, key], 'and raw can’t both be measured; leave one out')
  }
  const raw = readMetric(place, ratio, 'raw', path)
  const type = reader.choice(ratio.get('rawType'), [...path, 'rawType'], ['success', 'failure'])
  if (raw === undefined) return undefined
  if (type === undefined && !ratio.has('rawType')) {
    reader.problem([...path, 'rawType'], 'is missing; write success when raw is the share of good events, else failure')
  }
  return { kind: 'raw', errorRatioQuery: type === 'success' ? `1 - (${raw.text})` : raw.text }
}

function readMetric(place: Place, parent: Fields, key: string, parentPath: Path): Query | undefined {
  const { reader, context } = place
  const path = [...parentPath, key]
  const here = [...path, 'metricSource']
  const metric = reader.map(parent.get(key), path, ['metricSource'])
  const source = reader.map(metric?.get('metricSource'), here, ['metricSourceRef', 'type', 'spec'])
  if (source === undefined) {
    reader.problem(path, `is missing; write {metricSource: {type: Prometheus, spec: {query: …}}}`)
    return undefined
  }
  refuseOtherSources(place, source, here)
  const spec = reader.map(source.get('spec'), [...here, 'spec'], ['query'])
  return reader.query(spec?.get('query'), [...here, 'spec', 'query'], context.promql !== 'none')
}

function refuseOtherSources({ reader, context }: Place, source: Fields, path: Path): void {
  const type = reader.text(source.get('type'), [...path, 'type']) ?? ''
  if (type !== '' && type.toLowerCase() !== 'prometheus') {
    reader.problem([...path, 'type'], `${type} can’t be asked; only Prometheus can`)
    return
  }
  const name = reader.text(source.get('metricSourceRef'), [...path, 'metricSourceRef']) ?? ''
  if (name === '' || type !== '') return
  const dataSource = context.objects.find('DataSource', name)
  if (dataSource === undefined) {
    reader.problem(
      [...path, 'metricSourceRef'],
      `${context.objects.notFound('DataSource', name)}; it is taken for a Prometheus`,
      'warning',
    )
    return
  }
  const spec = dataSource.root.entries.get('spec')?.value
  const kind = spec?.kind === 'map' ? spec.entries.get('type')?.value : undefined
  const text = kind?.kind === 'scalar' ? kind.text : ''
  if (text.toLowerCase() !== 'prometheus') {
    reader.problem(
      [...path, 'metricSourceRef'],
      `${name} is of the type ${JSON.stringify(text)}, which can’t be asked; only Prometheus can`,
    )
  }
}
