import { Turns } from '../lib/turns.ts'
import { parseDuration } from '../model/duration.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import type { Batch } from './batch.ts'
import { type Faults, fieldsOf, type Path, show, whatIs } from './fault.ts'

export type PushedType = 'counter' | 'gauge' | 'histogram'

/** One change that an application asked for; its form is right, whether it fits what is known is not said yet. */
export type MetricEntry = {
  /** Where it stood, for messages. */
  readonly place: string
  /** With the metric name and, unless it was given, `job="push"`. */
  readonly labels: Labels
  readonly help: string | undefined
  readonly unit: string | undefined
  /** Without a push for so long the series ends; undefined is never. */
  readonly ttlMs: number | undefined
} & (
  | { readonly type: 'counter'; readonly add: number }
  | { readonly type: 'gauge'; readonly set: number }
  | { readonly type: 'histogram'; readonly observe: readonly number[]; readonly buckets: readonly number[] | undefined }
)

/** What `POST /api/v1/metrics` says of series that name no job. */
export const PUSH_JOB = 'push'

export const MOST_ENTRIES = 10_000
const MOST_OBSERVATIONS = 100_000
const MOST_LABELS = 64
const MOST_BUCKETS = 100
const LONGEST_NAME = 256
const LONGEST_VALUE_BYTES = 4096
const LONGEST_HELP = 4096
const LONGEST_UNIT = 64
const DEFAULT_GAUGE_TTL_MS = 24 * 3_600_000
/** Sums of many such numbers stay finite. */
const LARGEST_VALUE = 1e300

/** How many are read between two looks at the time. */
const ENTRIES_A_LOOK = 100

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const OUR_NAMES = /^(?:midwatch_|probe_|scrape_|up$|ALERTS$|ALERTS_FOR_STATE$)/
const OUR_JOBS = ['midwatch', 'probe']

const FIELDS = ['name', 'type', 'labels', 'add', 'set', 'observe', 'buckets', 'ttl', 'help', 'unit']
const TYPES: readonly string[] = ['counter', 'gauge', 'histogram']
const NOUN = 'an object such as {"name":"llm_calls_total","type":"counter","add":1}'
const VERB_OF = { counter: 'add', gauge: 'set', histogram: 'observe' } as const

/** Reads entries of `POST /api/v1/metrics`, letting others run between them; what is wrong goes to `faults`. */
export async function readMetricEntries({ entries, place }: Batch, faults: Faults): Promise<MetricEntry[]> {
  const read: MetricEntry[] = []
  const turns = new Turns()
  let observations = 0
  for (const [i, value] of entries.entries()) {
    if (faults.isFull) break
    if (i % ENTRIES_A_LOOK === 0 && turns.isOver()) await turns.next()
    const entry = readEntry(value, place(i), faults)
    if (entry === undefined) continue
    read.push(entry)
    if (entry.type !== 'histogram') continue
    observations += entry.observe.length
    if (observations > MOST_OBSERVATIONS) {
      faults.add([entry.place, 'observe'], `makes more than ${MOST_OBSERVATIONS} observations; send it in parts`)
      break
    }
  }
  return read
}

function readEntry(value: unknown, place: string, faults: Faults): MetricEntry | undefined {
  const fields = fieldsOf(value, [place], FIELDS, faults, { noun: NOUN })
  if (fields === undefined) return undefined
  const name = readName(fields.get('name'), [place, 'name'], faults)
  const type = readType(fields, place, faults)
  const labels = readLabels(fields.get('labels'), type, [place, 'labels'], faults)
  const ttlMs = readTtl(fields.get('ttl'), type, [place, 'ttl'], faults)
  const help = readText(fields.get('help'), LONGEST_HELP, [place, 'help'], faults)
  const unit = readText(fields.get('unit'), LONGEST_UNIT, [place, 'unit'], faults)
  const change = type === undefined ? undefined : readChange(fields, type, place, faults)
  if (name === undefined || labels === undefined || change === undefined) return undefined
  return { place, labels: Labels.of([...labels, [METRIC_NAME, name]]), help, unit, ttlMs, ...change }
}

function readName(value: unknown, field: Path, faults: Faults): string | undefined {
  if (typeof value !== 'string') {
    return faults.add(
      field,
      value === undefined ? 'is missing; write a metric name' : `is ${whatIs(value)}; write a text`,
    )
  }
  if (value.length > LONGEST_NAME) return faults.add(field, `is longer than ${LONGEST_NAME} characters`)
  if (!METRIC.test(value)) {
    const message = `${show(value)} is not a metric name; write letters, digits and underscores, such as ${show(asName(value))}`
    return faults.add(field, message)
  }
  if (OUR_NAMES.test(value)) {
    return faults.add(
      field,
      `${show(value)} is a name of midwatch's own metrics; write another, such as ${show(`my_${value}`)}`,
    )
  }
  return value
}

function asName(text: string): string {
  const plain = text.slice(0, 60).replace(/[^a-zA-Z0-9_:]+/g, '_')
  return METRIC.test(plain) ? plain : METRIC.test(`_${plain}`) && plain !== '' ? `_${plain}` : 'orders_total'
}

/** As it is written, or as the verb says it. */
function readType(fields: ReadonlyMap<string, unknown>, place: string, faults: Faults): PushedType | undefined {
  const written = fields.get('type')
  const verbs = (Object.keys(VERB_OF) as PushedType[]).filter((type) => fields.has(VERB_OF[type]))
  if (written === undefined) {
    if (verbs.length === 1) return verbs[0]
    return faults.add([place, 'type'], 'is missing; write counter, gauge or histogram')
  }
  if (typeof written !== 'string' || !TYPES.includes(written)) {
    const given = typeof written === 'string' ? show(written) : whatIs(written)
    return faults.add([place, 'type'], `${given} can't be pushed; write counter, gauge or histogram`)
  }
  const type = written as PushedType
  for (const verb of verbs) {
    if (verb === type) continue
    const message = `belongs to a ${verb}, and this is a ${type}; write "${VERB_OF[type]}" instead`
    faults.add([place, VERB_OF[verb]], message)
  }
  return type
}

type Change =
  | { readonly type: 'counter'; readonly add: number }
  | { readonly type: 'gauge'; readonly set: number }
  | { readonly type: 'histogram'; readonly observe: readonly number[]; readonly buckets: readonly number[] | undefined }

function readChange(
  fields: ReadonlyMap<string, unknown>,
  type: PushedType,
  place: string,
  faults: Faults,
): Change | undefined {
  const verb = VERB_OF[type]
  const field = [place, verb]
  const value = fields.get(verb)
  if (value === undefined) return faults.add(field, `is missing; a ${type} needs it, such as "${verb}": 1`)
  if (type !== 'histogram' && fields.has('buckets')) {
    faults.add([place, 'buckets'], `belongs to a histogram, and this is a ${type}; remove it`)
  }
  switch (type) {
    case 'counter': {
      const add = readNumber(value, field, faults)
      if (add === undefined) return undefined
      if (add < 0) return faults.add(field, `is negative, and a counter only grows; use a gauge for what also falls`)
      return { type, add }
    }
    case 'gauge': {
      const set = readNumber(value, field, faults)
      return set === undefined ? undefined : { type, set }
    }
    case 'histogram': {
      const observe = readObservations(value, field, faults)
      const written = fields.get('buckets')
      const buckets = written === undefined ? undefined : readBuckets(written, [place, 'buckets'], faults)
      if (observe === undefined || (written !== undefined && buckets === undefined)) return undefined
      return { type, observe, buckets }
    }
  }
}

function readNumber(value: unknown, field: Path, faults: Faults): number | undefined {
  if (typeof value !== 'number') {
    const isNumeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
    const instead = isNumeric ? `write ${Number(value)} without quotes` : 'write a number'
    return faults.add(field, `is ${whatIs(value)}; ${instead}`)
  }
  return isFine(value) ? value : faults.add(field, 'is too large to hold; write a finite number')
}

function isFine(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LARGEST_VALUE
}

function readObservations(value: unknown, field: Path, faults: Faults): readonly number[] | undefined {
  if (!Array.isArray(value)) {
    const one = readNumber(value, field, faults)
    return one === undefined ? undefined : [one]
  }
  if (value.length > MOST_OBSERVATIONS) {
    return faults.add(field, `has ${value.length} numbers; at most ${MOST_OBSERVATIONS} are taken, so send it in parts`)
  }
  const numbers: number[] = []
  for (const [i, item] of value.entries()) {
    if (faults.isFull) return undefined
    if (isFine(item)) numbers.push(item)
    else readNumber(item, [...field, `[${i}]`], faults)
  }
  return numbers.length === value.length ? numbers : undefined
}

function readBuckets(value: unknown, field: Path, faults: Faults): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return faults.add(
      field,
      `is ${Array.isArray(value) ? 'empty' : whatIs(value)}; write upper bounds such as [0.1, 0.5, 1]`,
    )
  }
  if (value.length > MOST_BUCKETS)
    return faults.add(field, `has ${value.length} bounds; at most ${MOST_BUCKETS} are taken`)
  const bounds: number[] = []
  for (const [i, item] of value.entries()) {
    const bound = readNumber(item, [...field, `[${i}]`], faults)
    if (bound === undefined) return undefined
    const before = bounds.at(-1)
    if (before !== undefined && bound <= before) {
      return faults.add(
        [...field, `[${i}]`],
        `is not above the bound before it; write them in ascending order, each once`,
      )
    }
    bounds.push(bound)
  }
  return bounds
}

function readLabels(
  value: unknown,
  type: PushedType | undefined,
  field: Path,
  faults: Faults,
): readonly (readonly [string, string])[] | undefined {
  const pairs: [string, string][] = [['job', PUSH_JOB]]
  if (value === undefined) return pairs
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return faults.add(field, `is ${whatIs(value)}; write an object such as {"model":"small"}`)
  }
  const written = Object.entries(value) as [string, unknown][]
  if (written.length > MOST_LABELS) {
    return faults.add(field, `has ${written.length} labels; at most ${MOST_LABELS} are taken`)
  }
  let isFine = true
  for (const [name, text] of written) {
    const message = faultOfLabel(name, text, type)
    if (message !== undefined) {
      isFine = false
      faults.add([...field, name], message)
    } else if (text !== '') pairs.push([name, text as string])
  }
  return isFine ? pairs : undefined
}

function faultOfLabel(name: string, value: unknown, type: PushedType | undefined): string | undefined {
  if (name.startsWith('__')) return 'begins with __, which is reserved; write another name'
  if (!LABEL.test(name)) return 'is not a label name; write letters, digits and underscores, not beginning with a digit'
  if (name.length > LONGEST_NAME) return `has a name longer than ${LONGEST_NAME} characters`
  if (name === 'le' && type === 'histogram') return "is set by the histogram's buckets; write another name"
  if (typeof value !== 'string') {
    const isPlain = typeof value === 'number' || typeof value === 'boolean'
    return `is ${whatIs(value)}; write a text${isPlain ? ` such as "${value}"` : ''}`
  }
  // One UTF-16 code unit is at most three bytes, so most values need no counting.
  if (value.length * 3 > LONGEST_VALUE_BYTES && Buffer.byteLength(value) > LONGEST_VALUE_BYTES) {
    return `is longer than ${LONGEST_VALUE_BYTES} bytes`
  }
  if (!value.isWellFormed()) return 'is not valid Unicode'
  if (name === 'job' && OUR_JOBS.includes(value))
    return `${show(value)} is a job of midwatch's own metrics; write another`
  return undefined
}

function readTtl(value: unknown, type: PushedType | undefined, field: Path, faults: Faults): number | undefined {
  if (value === undefined) return type === 'gauge' ? DEFAULT_GAUGE_TTL_MS : undefined
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms !== undefined && ms > 0) return ms
  const given = typeof value === 'string' ? show(value) : whatIs(value)
  return faults.add(field, `${given} is not a duration; write one such as "90s", "15m" or "24h"`)
}

function readText(value: unknown, longest: number, field: Path, faults: Faults): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') return faults.add(field, `is ${whatIs(value)}; write a text`)
  if (value.length > longest) return faults.add(field, `is longer than ${longest} characters`)
  return value.isWellFormed() ? value : faults.add(field, 'is not valid Unicode')
}
