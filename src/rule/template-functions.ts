import { type GoMap, type GoSlice, type GoStruct, type GoValue, goMap } from '../lib/go-value.ts'
import { parseDuration } from '../model/duration.ts'
import type { FunctionContext, TemplateFunction } from '../template/function.ts'
import { textFunctions } from '../template/functions-text.ts'
import {
  CallError,
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  toFloat,
  toNanoseconds,
  toTimeMs,
} from '../template/humanize.ts'
import { compareBytes, queryEscape, stripDomain, stripPort, title, toLower, toUpper } from '../template/text.ts'
import { SAMPLE_TYPE, type TemplateSample, VECTOR_TYPE, vectorValue } from './template-sample.ts'

/** What the functions of rules may use. */
export interface RuleContext extends FunctionContext {
  readonly externalUrl: string
  pathPrefix(): string
  /** The answer to an expression; the execution stops here and starts again when it is not known yet. */
  query(expr: string): readonly TemplateSample[]
}

/**
 * The functions that Prometheus adds for rules.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
 */
export const prometheusFunctions: readonly TemplateFunction<RuleContext>[] = [
  { name: 'query', parameters: ['string'], call: ([expr], context) => vectorValue(context.query(expr as string)) },
  { name: 'first', parameters: [VECTOR_TYPE], call: ([vector]) => first(vector as GoSlice | null) },
  { name: 'label', parameters: ['string', SAMPLE_TYPE], call: ([name, sample]) => label(sample, name as string) },
  { name: 'value', parameters: [SAMPLE_TYPE], call: ([sample]) => part(sample, 'Value') },
  { name: 'strvalue', parameters: [SAMPLE_TYPE], call: ([sample]) => label(sample, '__value__') },
  {
    name: 'sortByLabel',
    parameters: ['string', VECTOR_TYPE],
    call: ([name, vector]) => sortByLabel(vector as GoSlice | null, name as string),
  },
  {
    name: 'args',
    parameters: [],
    rest: 'any',
    call: (args) => goMap(new Map(args.map((arg, i) => [`arg${i}`, arg]))),
  },

  ofNumber('humanize', humanize),
  ofNumber('humanize1024', humanize1024),
  ofNumber('humanizeDuration', humanizeDuration),
  ofNumber('humanizePercentage', humanizePercentage),
  ofNumber('humanizeTimestamp', humanizeTimestamp),
  ofNumber('toTime', (seconds) => ({ kind: 'time', timeMs: toTimeMs(seconds) })),
  ofNumber('toDuration', (seconds) => ({ kind: 'duration', nanoseconds: toNanoseconds(finite(seconds)) })),
  { name: 'now', parameters: [], call: (_args, { nowMs }) => nowMs / 1000 },
  { name: 'parseDuration', parameters: ['string'], call: ([text]) => durationSeconds(text as string) },

  ofText('title', title),
  ofText('toUpper', toUpper),
  ofText('toLower', toLower),
  ofText('stripPort', stripPort),
  ofText('stripDomain', stripDomain),
  ofText('urlQueryEscape', queryEscape),
  ofText('safeHtml', (text) => text),
  ofText('graphLink', (expr) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=0`),
  ofText('tableLink', (expr) => `/graph?g0.expr=${queryEscape(expr)}&g0.tab=1`),
  ...textFunctions,
  { name: 'externalURL', parameters: [], call: (_args, { externalUrl }) => externalUrl },
  { name: 'pathPrefix', parameters: [], call: (_args, context) => context.pathPrefix() },
]

function ofNumber(name: string, work: (value: number) => GoValue): TemplateFunction {
  return { name, parameters: ['any'], call: ([value]) => work(toFloat(value)) }
}

function ofText(name: string, work: (text: string) => string): TemplateFunction {
  return { name, parameters: ['string'], call: ([text]) => work(text as string) }
}

function first(vector: GoSlice | null): GoValue {
  if (vector === null || vector.items.length === 0) throw new CallError('first() called on vector with no elements')
  return vector.items[0]
}

function part(sample: GoValue, field: string): GoValue {
  if (sample === null) throw new CallError('the sample is nil')
  return (sample as GoStruct).fields.get(field)
}

function label(sample: GoValue, name: string): string {
  return ((part(sample, 'Labels') as GoMap).get(name) ?? '') as string
}

function sortByLabel(vector: GoSlice | null, name: string): GoValue {
  if (vector === null) return vector
  return { ...vector, items: vector.items.toSorted((a, b) => compareBytes(label(a, name), label(b, name))) }
}

function finite(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new CallError('value is NaN or Inf')
  return seconds
}

function durationSeconds(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new CallError(`not a valid duration string: ${JSON.stringify(text)}`)
  return ms / 1000
}
