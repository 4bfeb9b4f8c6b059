import type { ExpositionFormat } from './exposition.ts'
import type { MetricFamily } from './exposition-family.ts'
import type { NameStyle } from './exposition-names.ts'
import { writeText } from './exposition-write.ts'
import { writeOpenMetrics } from './openmetrics.ts'

/** How an exposition is to be written. */
export interface ExpositionStyle {
  readonly format: ExpositionFormat
  readonly names: NameStyle
}

/** What a scraper asks for, best first: as Prometheus 3 without its binary format. */
export const SCRAPE_ACCEPT = [
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6',
  'application/openmetrics-text;version=0.0.1;q=0.5',
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4',
  'text/plain;version=0.0.4;q=0.3',
  '*/*;q=0.2',
].join(',')

/** Writes in the style that has been negotiated. */
export function writeExposition(
  families: Iterable<MetricFamily>,
  { format, names }: ExpositionStyle,
): Generator<string> {
  return format === 'openmetrics' ? writeOpenMetrics(families, names) : writeText(families, names)
}

/** The Content-Type of an exposition. */
export function expositionContentType({ format, names }: ExpositionStyle): string {
  const escaping = names === 'quoted' ? '; escaping=allow-utf-8' : ''
  if (format === 'openmetrics') return `application/openmetrics-text; version=1.0.0; charset=utf-8${escaping}`
  return `text/plain; version=${names === 'quoted' ? '1.0.0' : '0.0.4'}; charset=utf-8${escaping}`
}

/**
 * The exposition that an Accept header asks for.
 *
 * @returns undefined when it asks for none by name: wildcards do not count, so that a person with a browser or curl is not
 * taken for a scraper
 */
export function negotiateExposition(accept: string | undefined): ExpositionStyle | undefined {
  let best: ExpositionStyle | undefined
  let bestQuality = 0
  for (const part of (accept ?? '').split(',')) {
    const { type, parameters } = parseMediaType(part)
    const format = type === 'application/openmetrics-text' ? 'openmetrics' : type === 'text/plain' ? 'text' : undefined
    const quality = Number(parameters.get('q') ?? 1)
    if (format === undefined || !isServed(format, parameters.get('version')) || !(quality > bestQuality)) continue
    bestQuality = quality
    best = { format, names: parameters.get('escaping') === 'allow-utf-8' ? 'quoted' : 'underscores' }
  }
  return best
}

/**
 * The format that a Content-Type announces.
 *
 * @returns undefined when it is none of ours; whoever has to read something then takes `text`, with a warning
 */
export function formatOfContentType(contentType: string | undefined): ExpositionFormat | undefined {
  const { type, parameters } = parseMediaType(contentType ?? '')
  if (type === 'application/openmetrics-text') return 'openmetrics'
  return type === 'text/plain' && isServed('text', parameters.get('version')) ? 'text' : undefined
}

function isServed(format: ExpositionFormat, version: string | undefined): boolean {
  if (version === undefined) return true
  return format === 'openmetrics'
    ? version === '1.0.0' || version === '0.0.1'
    : version === '0.0.4' || version === '1.0.0'
}

function parseMediaType(text: string): { readonly type: string; readonly parameters: ReadonlyMap<string, string> } {
  const [type = '', ...rest] = text.split(';')
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const at = parameter.indexOf('=')
    if (at === -1) continue
    const value = parameter.slice(at + 1).trim()
    parameters.set(parameter.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1'))
  }
  return { type: type.trim().toLowerCase(), parameters }
}
