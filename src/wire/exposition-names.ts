import { type Labels, METRIC_NAME } from '../model/labels.ts'

/**
 * What becomes of names beyond `[a-zA-Z_][a-zA-Z0-9_]*`: `quoted` writes them in quotes, for readers that know UTF-8 names
 * (Prometheus 3); `underscores` replaces what is not allowed.
 */
export type NameStyle = 'quoted' | 'underscores'

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** A metric's name where HELP, TYPE and UNIT have it. */
export function formatMetricName(name: string, style: NameStyle): string {
  if (METRIC.test(name)) return name
  return style === 'quoted' ? quote(name) : toUnderscores(name, /[^a-zA-Z0-9_:]/gu)
}

/** A series as it stands in front of its value. */
export function formatSeries(labels: Labels, style: NameStyle): string {
  const name = labels.name
  const inside: string[] = []
  let front = ''
  if (METRIC.test(name)) front = name
  else if (style === 'underscores') front = formatMetricName(name, style)
  else inside.push(quote(name))
  const { pairs } = labels
  for (let i = 0; i < pairs.length; i += 2) {
    const label = pairs[i] as string
    if (label !== METRIC_NAME) inside.push(`${formatLabelName(label, style)}=${quote(pairs[i + 1] as string)}`)
  }
  return inside.length === 0 ? front : `${front}{${inside.join(',')}}`
}

export function formatLabelName(name: string, style: NameStyle): string {
  if (LABEL.test(name)) return name
  return style === 'quoted' ? quote(name) : toUnderscores(name, /[^a-zA-Z0-9_]/gu)
}

/** In double quotes, with `\`, `"` and line breaks escaped. */
export function quote(text: string): string {
  return /[\\"\n]/.test(text)
    ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
    : `"${text}"`
}

function toUnderscores(name: string, notAllowed: RegExp): string {
  const plain = name.replace(notAllowed, '_')
  return /^[0-9]/.test(plain) ? `_${plain}` : plain === '' ? '_' : plain
}
