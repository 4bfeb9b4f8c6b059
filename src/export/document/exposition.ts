import { type ExpositionStyle, writeExposition } from '../../wire/exposition-media.ts'
import { type ExposedFamily, toMetricFamily } from './exposed-family.ts'

/**
 * Families as a text for scrapers, in pieces of about 64 KiB: Prometheus' text format or OpenMetrics.
 *
 * Samples carry no timestamps, as those of an exporter: they are what is known now.
 */
export function exposition(families: readonly ExposedFamily[], style: ExpositionStyle): Generator<string> {
  return writeExposition(withFormat(families, style), style)
}

function* withFormat(families: readonly ExposedFamily[], { format }: ExpositionStyle) {
  for (const family of families) yield toMetricFamily(family, format)
}
