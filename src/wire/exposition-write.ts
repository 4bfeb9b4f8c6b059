import type { MetricType } from '../model/metric.ts'
import type { ExpositionSample, MetricFamily } from './exposition-family.ts'
import { formatMetricName, formatSeries, type NameStyle } from './exposition-names.ts'
import { formatFloatText } from './float-text.ts'

const TYPE_WORDS: Readonly<Record<MetricType, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  unknown: 'untyped',
  // What 0.0.4 does not know, as client libraries write it there.
  info: 'gauge',
  stateset: 'gauge',
}

/** How much text is gathered before it is handed on. */
export const CHUNK_CHARACTERS = 64 * 1024

/**
 * Writes the text format 0.0.4 (1.0.0 with names in quotes), in pieces of about 64 KiB.
 *
 * @param families each name once; the samples of one in the order in which they are to stand
 */
export function* writeText(families: Iterable<MetricFamily>, names: NameStyle = 'underscores'): Generator<string> {
  let text = ''
  for (const { name, type, help, samples } of families) {
    text += head(formatMetricName(name, names), TYPE_WORDS[type], help)
    // OpenMetrics counts them to the family; here they would be samples of a family that nobody announced.
    const created: ExpositionSample[] = []
    const createdName =
      type === 'counter' || type === 'histogram' || type === 'summary' ? createdNameOf(name) : undefined
    for (const sample of samples) {
      if (sample.labels.name === createdName) created.push(sample)
      else text += line(sample, names)
      if (text.length >= CHUNK_CHARACTERS) {
        yield text
        text = ''
      }
    }
    if (created.length > 0) {
      text += head(formatMetricName(createdName as string, names), 'gauge', `When ${name} began to be counted.`)
      for (const sample of created) text += line(sample, names)
    }
  }
  if (text !== '') yield text
}

/** The name of the samples that tell since when `family` (as 0.0.4 names it) is counted. */
export function createdNameOf(family: string): string {
  return `${family.endsWith('_total') ? family.slice(0, -'_total'.length) : family}_created`
}

function head(name: string, type: string, help: string): string {
  const helpLine = help === '' ? '' : `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`
  return `${helpLine}# TYPE ${name} ${type}\n`
}

function line({ labels, value, timestampMs }: ExpositionSample, names: NameStyle): string {
  const time = timestampMs === undefined ? '' : ` ${Math.trunc(timestampMs)}`
  return `${formatSeries(labels, names)} ${formatFloatText(value)}${time}\n`
}
