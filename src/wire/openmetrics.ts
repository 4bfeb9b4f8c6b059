import type { MetricType } from '../model/metric.ts'
import type { Exemplar } from './exemplar.ts'
import type { ExpositionSample, MetricFamily } from './exposition-family.ts'
import { formatLabelName, formatMetricName, formatSeries, type NameStyle, quote } from './exposition-names.ts'
import { CHUNK_CHARACTERS } from './exposition-write.ts'
import { formatFloatText } from './float-text.ts'

/** OpenMetrics 1.0, "Exemplars": names and values together, in characters. */
const MAX_EXEMPLAR_CHARACTERS = 128

/**
 * Writes OpenMetrics 1.0 with its `# EOF`, in pieces of about 64 KiB.
 *
 * A counter whose name does not end in `_total` can't be one in OpenMetrics and is written as `unknown`, so that its
 * samples keep their name; so is a family whose OpenMetrics name another one already has.
 *
 * @param families each name once; the samples of one in the order in which they are to stand
 */
export function* writeOpenMetrics(
  families: Iterable<MetricFamily>,
  names: NameStyle = 'underscores',
): Generator<string> {
  const written = new Set<string>()
  let text = ''
  for (const family of families) {
    const { name, type } = openMetricsFamily(family, written)
    written.add(name)
    text += head(formatMetricName(name, names), type, family, name)
    for (const sample of family.samples) {
      text += line(sample, names)
      if (text.length >= CHUNK_CHARACTERS) {
        yield text
        text = ''
      }
    }
  }
  yield `${text}# EOF\n`
}

function openMetricsFamily(
  { name, type }: MetricFamily,
  written: ReadonlySet<string>,
): { readonly name: string; readonly type: MetricType } {
  if (type === 'counter' || type === 'info') {
    const suffix = type === 'counter' ? '_total' : '_info'
    const bare = name.slice(0, -suffix.length)
    const fits = name.endsWith(suffix) && bare !== '' && !written.has(bare)
    if (fits) return { name: bare, type }
    return { name, type: type === 'counter' ? 'unknown' : 'gauge' }
  }
  return { name, type }
}

function head(shown: string, type: MetricType, { help, unit }: MetricFamily, name: string): string {
  const typeLine = `# TYPE ${shown} ${type}\n`
  const hasUnit =
    unit !== undefined && unit !== '' && name.endsWith(`_${unit}`) && type !== 'info' && type !== 'stateset'
  const unitLine = hasUnit ? `# UNIT ${shown} ${unit}\n` : ''
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `${typeLine}${unitLine}${help === '' ? '' : `# HELP ${shown} ${escaped}\n`}`
}

function line({ labels, value, timestampMs, exemplar }: ExpositionSample, names: NameStyle): string {
  const time = timestampMs === undefined ? '' : ` ${formatSeconds(timestampMs)}`
  const example = exemplar === undefined ? '' : formatExemplar(exemplar, names)
  return `${formatSeries(labels, names)} ${formatFloatText(value)}${time}${example}\n`
}

function formatExemplar({ labelPairs, value, timestampMs }: Exemplar, names: NameStyle): string {
  if ([...labelPairs.join('')].length > MAX_EXEMPLAR_CHARACTERS) return ''
  const labels: string[] = []
  for (let i = 0; i < labelPairs.length; i += 2) {
    labels.push(`${formatLabelName(labelPairs[i] as string, names)}=${quote(labelPairs[i + 1] as string)}`)
  }
  const time = Number.isNaN(timestampMs) ? '' : ` ${formatSeconds(timestampMs)}`
  return ` # {${labels.join(',')}} ${formatFloatText(value)}${time}`
}

/** Milliseconds as decimal seconds, without the rounding of a division. */
function formatSeconds(ms: number): string {
  const whole = Math.trunc(ms)
  const digits = String(Math.abs(whole)).padStart(4, '0')
  const fraction = digits.slice(-3).replace(/0+$/, '')
  return `${whole < 0 ? '-' : ''}${digits.slice(0, -3)}${fraction === '' ? '' : `.${fraction}`}`
}
