import { probeMetricMeta } from '../../export/document/probe-metrics.ts'
import { compareLabels, compareText, type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { MetricMeta } from '../../model/metric.ts'
import { labelsJson } from '../../wire/json-text.ts'
import { requireScope } from '../auth.ts'
import type { WebContext } from '../context.ts'
import { type Answer, answering } from '../prometheus/answer.ts'
import { MAX_TIME_MS, MIN_TIME_MS, ParameterError, type Parameters } from '../prometheus/parameters.ts'
import type { Api } from '../registry.ts'

/** Prometheus' addresses that tell which series, labels and metrics there are. */
export const seriesApi: Api = (web, context) => {
  const read = requireScope(context, 'read')
  const both = ['GET', 'POST']

  web.on(
    both,
    '/api/v1/series',
    read,
    answering(context, (parameters) => {
      if (parameters.all('match[]').length === 0) throw new ParameterError('no match[] parameter provided')
      const series = seriesIn(context, wishOf(parameters, 'invalid parameter "match[]": '))
      const { kept, warnings } = cut(series.sort(compareLabels), parameters)
      return { data: { pieces: seriesJson(kept) }, warnings }
    }),
  )
  web.on(
    both,
    '/api/v1/labels',
    read,
    answering(context, (parameters) => {
      const { selectors, span } = wishOf(parameters)
      const names = selectors.flatMap((matchers) => context.store.series.labelNames(matchers, span))
      return listAnswer(new Set(names), parameters)
    }),
  )
  web.get(
    '/api/v1/label/:name/values',
    read,
    answering(context, (parameters, c) => {
      const name = unescapeName(c.req.param('name') ?? '')
      if (name === '') throw new ParameterError(`invalid label name: "${name}"`)
      const { selectors, span } = wishOf(parameters)
      const values = selectors.flatMap((matchers) => context.store.series.labelValues(name, matchers, span))
      return listAnswer(new Set(values), parameters)
    }),
  )
  web.get(
    '/api/v1/metadata',
    read,
    answering(context, (parameters) => ({ data: { value: metadata(context, parameters) } })),
  )
}

interface SeriesWish {
  /** The series wanted are those that one of them selects. */
  readonly selectors: readonly (readonly Matcher[])[]
  /** When the series have to have samples; undefined for ever. */
  readonly span: { readonly startMs: number; readonly endMs: number } | undefined
}

/** @param errorPrefix what the message about a malformed selector begins with */
function wishOf(parameters: Parameters, errorPrefix?: string): SeriesWish {
  const startMs = parameters.time('start') ?? MIN_TIME_MS
  const endMs = parameters.time('end') ?? MAX_TIME_MS
  const selectors = parameters.selectors(errorPrefix)
  if (endMs < startMs) return { selectors: [], span: undefined }
  // Most of the time nobody says when, and then nothing but labels has to be looked at.
  const span = startMs === MIN_TIME_MS && endMs === MAX_TIME_MS ? undefined : { startMs, endMs }
  return { selectors: selectors.length === 0 ? [[]] : selectors, span }
}

/** The series wanted, each once. */
function seriesIn({ store }: WebContext, { selectors, span }: SeriesWish): Labels[] {
  const [first, ...rest] = selectors
  if (first === undefined) return []
  if (rest.length === 0) return store.series.find(first, span)
  const found = new Map<string, Labels>()
  for (const matchers of selectors) {
    for (const labels of store.series.find(matchers, span)) found.set(labels.key, labels)
  }
  return [...found.values()]
}

function* seriesJson(series: readonly Labels[]): Generator<string> {
  yield '['
  for (const [i, labels] of series.entries()) yield `${i === 0 ? '' : ','}${labelsJson(labels, 'with name')}`
  yield ']'
}

function listAnswer(texts: Iterable<string>, parameters: Parameters): Answer {
  const { kept, warnings } = cut([...texts].sort(compareText), parameters)
  return { data: { value: kept }, warnings }
}

function cut<T>(
  all: readonly T[],
  parameters: Parameters,
): { readonly kept: readonly T[]; readonly warnings: string[] } {
  const limit = parameters.limit()
  if (limit === undefined || all.length <= limit) return { kept: all, warnings: [] }
  return { kept: all.slice(0, limit), warnings: ['results truncated due to limit'] }
}

/** `U__…`: how Prometheus 3 writes a label name of any characters into an address. */
function unescapeName(text: string): string {
  if (!text.startsWith('U__')) return text
  return text.slice(3).replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) => {
    const code = hex === undefined ? undefined : Number.parseInt(hex, 16)
    return code === undefined ? '_' : code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
  })
}

function metadata({ store }: WebContext, parameters: Parameters) {
  const limit = wholeNumber(parameters, 'limit')
  const limitPerMetric = wholeNumber(parameters, 'limit_per_metric')
  const wanted = parameters.get('metric')
  const names =
    wanted === '' ? new Set([...store.series.metadata.keys(), ...store.series.labelValues(METRIC_NAME)]) : [wanted]
  const known: [string, unknown][] = []
  for (const name of [...names].sort(compareText)) {
    if (limit !== undefined && known.length >= limit) break
    const metas = metasOf(store.series.metaOf(name), probeMetricMeta(name))
    if (metas.length > 0) known.push([name, limitPerMetric === undefined ? metas : metas.slice(0, limitPerMetric)])
  }
  return Object.fromEntries(known)
}

/** What targets and pushes said, and what the probes declare where that is something else. */
function metasOf(...metas: readonly (MetricMeta | undefined)[]) {
  const different = new Map<string, { type: string; help: string; unit: string }>()
  for (const meta of metas) {
    if (meta === undefined) continue
    const shown = { type: meta.type, help: meta.help, unit: meta.unit ?? '' }
    different.set(JSON.stringify([shown.type, shown.help]), shown)
  }
  return [...different.values()]
}

/** -1 and absent mean all. */
function wholeNumber(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name)
  if (text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw new ParameterError(`${name} must be a number`)
  return Number(text) < 0 ? undefined : Number(text)
}
