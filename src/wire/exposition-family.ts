import { Labels } from '../model/labels.ts'
import type { MetricMeta, MetricType } from '../model/metric.ts'
import type { Exemplar } from './exemplar.ts'
import { type ExpositionFormat, ExpositionReader } from './exposition.ts'

/** One line of an exposition. */
export interface ExpositionSample {
  /** With `__name__`: the name of the sample (`x_bucket`), which need not be the family's. */
  readonly labels: Labels
  readonly value: number
  /** Epoch milliseconds; absent where the sample means "now". */
  readonly timestampMs?: number
  readonly exemplar?: Exemplar
}

/** A metric with its samples, named as in the text format 0.0.4: a counter with its `_total`, an info with its `_info`. */
export interface MetricFamily extends MetricMeta {
  readonly name: string
  readonly samples: Iterable<ExpositionSample>
}

/** A family that has been read in full. */
export interface ReadFamily extends MetricFamily {
  readonly samples: readonly ExpositionSample[]
}

/** What the samples of a family may be called besides its own name. */
const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  summary: ['_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [],
  // A gauge histogram has these.
  unknown: ['_bucket', '_gcount', '_gsum'],
}

/** OpenMetrics leaves the suffix of counters and infos out of the family's name; 0.0.4 has it in there. */
export function familyNameInText(family: string, type: MetricType): string {
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : ''
  return suffix === '' || family.endsWith(suffix) ? family : family + suffix
}

/**
 * Reads a whole exposition into families, in the order of the text. A sample that no TYPE, HELP or UNIT announces is a
 * family of type `unknown`.
 *
 * @throws ExpositionError with the line
 */
export function parseExposition(body: Uint8Array | string, format: ExpositionFormat): ReadFamily[] {
  const reader = new ExpositionReader(body, format)
  const builders = new Map<string, FamilyBuilder>()
  const builder = (name: string) => {
    let found = builders.get(name)
    if (found === undefined) {
      found = { name, type: 'unknown', help: '', unit: '', samples: [] }
      builders.set(name, found)
    }
    return found
  }
  let current: FamilyBuilder | undefined
  for (;;) {
    const entry = reader.next()
    switch (entry) {
      case 'end':
        return [...builders.values()].filter(isKnown).map((family) => finish(family, format))
      case 'type':
        current = builder(reader.family)
        current.type = reader.type
        break
      case 'help':
        current = builder(reader.family)
        current.help = reader.text
        break
      case 'unit':
        current = builder(reader.family)
        current.unit = reader.text
        break
      case 'sample': {
        const sample = readSample(reader)
        const name = sample.labels.name
        const family = current !== undefined && belongs(name, current) ? current : (builders.get(name) ?? builder(name))
        family.samples.push(sample)
        break
      }
    }
  }
}

interface FamilyBuilder {
  readonly name: string
  type: MetricType
  help: string
  unit: string
  readonly samples: ExpositionSample[]
}

function readSample(reader: ExpositionReader): ExpositionSample {
  const { value, timestampMs } = reader
  const exemplar = reader.exemplar()
  return {
    labels: labelsOfPairs(reader.labelPairs()),
    value,
    ...(Number.isNaN(timestampMs) ? {} : { timestampMs }),
    ...(exemplar === undefined ? {} : { exemplar }),
  }
}

/** Labels from names and values in turn, in any order. */
export function labelsOfPairs(pairs: readonly string[]): Labels {
  const entries: [string, string][] = []
  for (let i = 0; i < pairs.length; i += 2) entries.push([pairs[i] as string, pairs[i + 1] as string])
  return Labels.of(entries)
}

function belongs(sampleName: string, { name, type }: FamilyBuilder): boolean {
  if (!sampleName.startsWith(name)) return false
  const suffix = sampleName.slice(name.length)
  return suffix === '' || SUFFIXES[type].includes(suffix)
}

function isKnown({ samples, help, type }: FamilyBuilder): boolean {
  return samples.length > 0 || help !== '' || type !== 'unknown'
}

function finish({ name, type, help, unit, samples }: FamilyBuilder, format: ExpositionFormat): ReadFamily {
  const family = format === 'openmetrics' ? familyNameInText(name, type) : name
  return { name: family, type, help, ...(unit === '' ? {} : { unit }), samples }
}
