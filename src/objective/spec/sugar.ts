import { quoteGo } from '../../lib/go-quote.ts'
import type { YamlNode } from '../../lib/yaml.ts'
import { parseDuration } from '../../model/duration.ts'
import type { Path } from '../../model/field-reader.ts'
import { PromqlError, parse, print, type VectorSelector } from '../../promql/index.ts'
import { bucketMatcher } from '../bucket-limit.ts'
import { CHECK_UP } from '../elsewhere.ts'
import { eventsSli } from '../event-count.ts'
import { WINDOW_TEXT } from '../query-template.ts'
import type { Sli } from '../slo.ts'
import type { Fields, SpecReader } from './spec-reader.ts'

/** What a short form stands for. */
export interface Lowered {
  readonly sli: Sli
  readonly checks: readonly string[]
}

type Lower = (reader: SpecReader, node: YamlNode, path: Path) => Lowered | undefined

/** Short forms of what people measure most, each with what it becomes. A new one is a line here. */
const SHORT_FORMS: Readonly<Record<string, Lower>> = { availability, latency, http }

export const SUGAR_KEYS = Object.keys(SHORT_FORMS)

/** The short form among the fields, if there is one. */
export function readSugar(reader: SpecReader, fields: Fields, path: Path): Lowered | 'faulty' | undefined {
  const written = SUGAR_KEYS.filter((key) => fields.has(key))
  const [key] = written
  if (key === undefined) return undefined
  if (written.length > 1) {
    reader.problem(
      [...path, written[1] as string],
      `only one of ${SUGAR_KEYS.join(', ')} can be measured by one SLO; write another SLO`,
    )
    return 'faulty'
  }
  return (SHORT_FORMS[key] as Lower)(reader, fields.get(key) as YamlNode, [...path, key]) ?? 'faulty'
}

/** `{check: shop}`: the share of looks at a check that found it down. */
function availability(reader: SpecReader, node: YamlNode, path: Path): Lowered | undefined {
  const fields = reader.map(node, path, ['check'])
  const check = reader.text(fields?.get('check'), [...path, 'check']) ?? ''
  if (check === '') {
    reader.problem(path, 'needs a check; write {check: shop}')
    return undefined
  }
  const looks = `${CHECK_UP}{check=${quoteGo(check)}}[${WINDOW_TEXT}]`
  const total = `sum(count_over_time(${looks}))`
  return { sli: events(reader, `${total} - sum(sum_over_time(${looks}))`, total, path), checks: [check] }
}

/** `{metric: http_requests_total, bad: 'code=~"5.."'}`: the share of a counter that counts as bad. */
function http(reader: SpecReader, node: YamlNode, path: Path): Lowered | undefined {
  const fields = reader.map(node, path, ['metric', 'bad'])
  const metric = selectorOf(reader, fields?.get('metric'), [...path, 'metric'], 'http_requests_total{job="shop"}')
  const bad = reader.text(fields?.get('bad'), [...path, 'bad']) ?? ''
  if (metric === undefined) return undefined
  const isFine = bad !== '' && tryParse(`{${bad}}`)?.kind === 'selector'
  if (!isFine) {
    reader.problem([...path, 'bad'], `has to be conditions on labels, such as 'code=~"5.."'`)
    return undefined
  }
  const sum = (conditions: string) => `sum(rate(${conditions}[${WINDOW_TEXT}]))`
  return { sli: events(reader, sum(narrowed(metric, bad)), sum(print(metric)), path), checks: [] }
}

/** `{metric: http_request_duration_seconds, below: 300ms}`: the share of a histogram that took longer. */
function latency(reader: SpecReader, node: YamlNode, path: Path): Lowered | undefined {
  const fields = reader.map(node, path, ['metric', 'below'])
  const metric = selectorOf(
    reader,
    fields?.get('metric'),
    [...path, 'metric'],
    'http_request_duration_seconds{job="shop"}',
  )
  const text = reader.text(fields?.get('below'), [...path, 'below']) ?? ''
  const belowMs = parseDuration(text)
  if (belowMs === undefined || belowMs === 0) {
    reader.problem(
      [...path, 'below'],
      `${JSON.stringify(text)} is not a time span; write one such as 300ms that is a limit of a bucket`,
    )
    return undefined
  }
  if (metric === undefined) return undefined
  const base = metric.name.replace(/_(?:bucket|count|sum)$/, '')
  const limit = /_(?:milliseconds|ms)$/.test(base) ? belowMs : belowMs / 1000
  const part = (suffix: string): VectorSelector => renamed(metric, `${base}${suffix}`)
  const total = `sum(rate(${print(part('_count'))}[${WINDOW_TEXT}]))`
  const within = `sum(rate(${narrowed(part('_bucket'), bucketMatcher(limit))}[${WINDOW_TEXT}]))`
  return { sli: events(reader, `${total} - ${within}`, total, path), checks: [] }
}

function events(reader: SpecReader, errorQuery: string, totalQuery: string, path: Path): Sli {
  const query = (text: string) => ({ text, expr: reader.checkQuery(text, path, true) })
  return eventsSli(query(errorQuery), query(totalQuery))
}

function selectorOf(
  reader: SpecReader,
  node: YamlNode | undefined,
  path: Path,
  example: string,
): VectorSelector | undefined {
  const text = reader.text(node, path) ?? ''
  const expr = tryParse(text)
  if (expr?.kind === 'selector' && expr.name !== '' && expr.offsetMs === 0 && expr.at === undefined) return expr
  reader.problem(path, `${JSON.stringify(text)} is not a metric; write one such as ${example}`)
  return undefined
}

function tryParse(text: string) {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof PromqlError) return undefined
    throw error
  }
}

/** The selector's text with more conditions. */
function narrowed(selector: VectorSelector, conditions: string): string {
  const text = print(selector)
  return text.endsWith('}') ? `${text.slice(0, -1)},${conditions}}` : `${text}{${conditions}}`
}

function renamed(selector: VectorSelector, name: string): VectorSelector {
  const matchers = selector.matchers.filter((matcher) => matcher.name !== '__name__')
  return { ...selector, name, matchers }
}
