import { type GoMap, type GoSlice, type GoStruct, type GoValue, goMap } from '../../lib/go-value.ts'
import { parseDuration } from '../../model/duration.ts'
import { compileRegex, type Regex, RegexError } from '../../model/regex.ts'
import type { TemplateFunction } from './function.ts'
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
} from './humanize.ts'
import { compareBytes, queryEscape, stripDomain, stripPort, title, toLower, toUpper } from './text.ts'
import { vectorValue } from './value.ts'

/**
 * The functions that Prometheus adds for rules.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
 */
export const prometheusFunctions: readonly TemplateFunction[] = [
  { name: 'query', parameters: ['string'], call: ([expr], context) => vectorValue(context.query(expr as string)) },
  { name: 'first', parameters: ['vector'], call: ([vector]) => first(vector as GoSlice | null) },
  { name: 'label', parameters: ['string', 'sample'], call: ([name, sample]) => label(sample, name as string) },
  { name: 'value', parameters: ['sample'], call: ([sample]) => part(sample, 'Value') },
  { name: 'strvalue', parameters: ['sample'], call: ([sample]) => label(sample, '__value__') },
  {
    name: 'sortByLabel',
    parameters: ['string', 'vector'],
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
  {
    name: 'match',
    parameters: ['string', 'string'],
    costOfCharacter: 1,
    call: ([pattern, text]) => regex(pattern as string).test(text as string),
  },
  {
    name: 'reReplaceAll',
    parameters: ['string', 'string', 'string'],
    costOfCharacter: 1,
    call: ([pattern, replacement, text], { maxLength }) =>
      replaceAll(regex(pattern as string), replacement as string, text as string, maxLength),
  },
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

/** The patterns of templates are few and the same at every evaluation. */
const compiled = new Map<string, Regex>()
const MAX_COMPILED = 200

function regex(pattern: string): Regex {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  try {
    const made = compileRegex(pattern)
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(pattern, made)
    return made
  } catch (error) {
    if (error instanceof RegexError) throw new CallError(`${JSON.stringify(pattern)} is ${error.message}`)
    throw error
  }
}

const REFERENCE = /\$(?:\$|\{([_\p{L}\p{Nd}]+)\}|([_\p{L}\p{Nd}]+))/gu

/** `$1`, `${1}` and `${name}` in the replacement are groups, `$$` is a dollar sign; unknown ones are empty. */
function replaceAll(pattern: Regex, replacement: string, text: string, maxLength: number): string {
  let result = ''
  let at = 0
  for (const { start, end, groups } of pattern.matches(text)) {
    const expanded = replacement.replace(REFERENCE, (reference, braced?: string, bare?: string) => {
      if (reference === '$$') return '$'
      const name = (braced ?? bare) as string
      const number = /^[0-9]+$/.test(name) ? Number(name) : pattern.groupNumbers.get(name)
      return number === undefined ? '' : (groups[number] ?? '')
    })
    result += text.slice(at, start) + expanded
    at = end
    if (result.length > maxLength) throw new CallError(`the text is longer than ${maxLength} characters`)
  }
  return result + text.slice(at)
}
