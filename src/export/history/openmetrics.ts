import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { MetricMeta } from '../../model/metric.ts'
import type { Samples } from '../../model/sample.ts'
import { formatFloatText } from '../../wire/float-text.ts'

/** Where the samples come from. */
export interface HistorySource {
  select(request: {
    readonly matchers: readonly Matcher[]
    readonly startMs: number
    readonly endMs: number
  }): readonly { readonly labels: Labels; samples(startMs: number, endMs: number): Samples }[]
  metaOf(name: string): MetricMeta | undefined
}

/** Text is handed over in pieces of about so many characters, whatever the amount of samples. */
const PIECE = 1 << 20

const THREE_DIGITS = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))

/**
 * All samples with `startMs < t <= endMs` as OpenMetrics, series by series in the order of time; staleness markers are left
 * out, since the format has no word for them.
 *
 * @param write takes pieces of the text in order
 * @returns how many samples there were
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function writeOpenMetrics(
  source: HistorySource,
  startMs: number,
  endMs: number,
  write: (text: string) => void,
): number {
  let text = ''
  let count = 0
  let family: string | undefined
  const selected = [...source.select({ matchers: [], startMs, endMs })].sort((a, b) =>
    a.labels.name < b.labels.name ? -1 : a.labels.name > b.labels.name ? 1 : 0,
  )
  for (const series of selected) {
    const { length, timesMs, values, stale } = series.samples(startMs, endMs)
    if (length === 0) continue
    const { labels } = series
    const described = typeLine(labels.name, source.metaOf(labels.name))
    if (described !== undefined && described !== family) text += described
    family = described ?? family
    const head = `${seriesText(labels)} `
    for (let i = 0; i < length; i++) {
      if (stale !== undefined && stale[i] === 1) continue
      const timeMs = timesMs[i] as number
      const value = values[i] as number
      const number = Number.isSafeInteger(value) && value !== 0 ? value : formatFloatText(value)
      const seconds = Math.floor(timeMs / 1000)
      text += `${head}${number} ${seconds}.${THREE_DIGITS[timeMs - seconds * 1000] ?? '000'}\n`
      count++
      if (text.length < PIECE) continue
      write(text)
      text = ''
    }
  }
  write(`${text}# EOF\n`)
  return count
}

/** Counters by the name of their family; what else is known of a metric does not bind its samples to a form. */
function typeLine(name: string, meta: MetricMeta | undefined): string | undefined {
  if (meta?.type === 'counter' && name.endsWith('_total')) return `# TYPE ${name.slice(0, -6)} counter\n`
  if (meta?.type === 'gauge') return `# TYPE ${name} gauge\n`
  return undefined
}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

function seriesText(labels: Labels): string {
  const pairs: string[] = []
  const { name } = labels
  if (!PLAIN_NAME.test(name)) pairs.push(quote(name))
  for (const [label, value] of labels) {
    if (label === '__name__') continue
    pairs.push(`${PLAIN_NAME.test(label) ? label : quote(label)}=${quote(value)}`)
  }
  const inside = pairs.length === 0 ? '' : `{${pairs.join(',')}}`
  return PLAIN_NAME.test(name) ? name + inside : inside
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
