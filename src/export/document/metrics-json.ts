import { formatFloatText } from '../../wire/float-text.ts'
import { labelsJson } from '../../wire/json-text.ts'
import { type ExposedFamily, type ExposedSeries, histogramQuantile } from './exposed-family.ts'

const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const

interface About {
  readonly nowMs: number
  readonly uptimeSeconds: number
}

/**
 * Families as JSON for people and scripts, in pieces, a line for each series.
 *
 * Numbers are numbers; those that JSON does not have are the texts `"NaN"`, `"+Inf"` and `"-Inf"`. A histogram's buckets are
 * cumulative, keyed by their upper bounds; its quantiles are null when nothing was observed.
 */
export function* metricsJson(families: readonly ExposedFamily[], { nowMs, uptimeSeconds }: About): Generator<string> {
  yield `{"at":${JSON.stringify(new Date(nowMs).toISOString())},"uptime_seconds":${uptimeSeconds},"metrics":{`
  for (const [i, { name, type, help, unit = '', series }] of families.entries()) {
    const head = `${JSON.stringify(name)}:{"type":"${type}","help":${JSON.stringify(help)},"unit":${JSON.stringify(unit)}`
    yield `${i === 0 ? '' : ','}\n${head},"series":[`
    for (const [j, one] of series.entries()) yield `${j === 0 ? '' : ','}\n${seriesJson(one)}`
    yield ']}'
  }
  yield '\n}}\n'
}

function seriesJson(series: ExposedSeries): string {
  const labels = labelsJson(series.labels, 'without name')
  if (!('histogram' in series)) return `{"labels":${labels},"value":${numberJson(series.value)}}`
  const { histogram } = series
  const { bounds, cumulative, count, sum } = histogram
  const buckets = bounds.map((bound, i) => `"${formatFloatText(bound)}":${cumulative[i]},`).join('')
  const quantiles = QUANTILES.map(([name, q]) => `,"${name}":${numberJson(histogramQuantile(histogram, q))}`).join('')
  const totals = `"count":${count},"sum":${numberJson(sum)}`
  return `{"labels":${labels},${totals},"buckets":{${buckets}"+Inf":${count}}${quantiles}}`
}

function numberJson(value: number | undefined): string {
  if (value === undefined) return 'null'
  return Number.isFinite(value) ? String(value) : `"${formatFloatText(value)}"`
}
