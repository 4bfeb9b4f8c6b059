/** One value that a plugin has measured, in base units: seconds, bytes; percent and counts as they are. */
export interface PerformanceValue {
  readonly name: string
  readonly value: number
}

/** To base units. Plugins mean powers of 1024 by KB, MB and so on. */
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  '%': 1,
  c: 1,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

const MOST_VALUES = 100

/**
 * What a monitoring plugin prints: a line for people, then after `|` values such as `'load 1'=0.4;4;8 time=12ms`. Lines
 * after the first may have values after a `|` of their own.
 *
 * @see https://nagios-plugins.org/doc/guidelines.html#AEN200
 */
export function parsePluginOutput(text: string): {
  readonly message: string
  readonly values: readonly PerformanceValue[]
} {
  const lines = text.split('\n')
  const message = (lines[0] ?? '').split('|')[0]?.trim() ?? ''
  const values = new Map<string, number>()
  for (const line of lines) {
    const at = line.indexOf('|')
    if (at === -1) continue
    for (const { name, value } of parseValues(line.slice(at + 1)))
      if (values.size < MOST_VALUES) values.set(name, value)
  }
  return { message, values: [...values].map(([name, value]) => ({ name, value })) }
}

/** What is no value (`U` for unknown among them) is skipped: the line is for people as well. */
function parseValues(text: string): PerformanceValue[] {
  const found: PerformanceValue[] = []
  for (const match of text.matchAll(
    /(?:'((?:[^']|'')+)'|([^\s'=]+))=(-?\d+(?:\.\d+)?)([A-Za-z%]*)(?:;\S*)?(?=\s|$)/g,
  )) {
    const [, quoted, plain, digits, unit = ''] = match
    const factor = FACTORS[unit]
    const name = quoted?.replaceAll("''", "'") ?? plain ?? ''
    if (factor !== undefined && name.length <= 100) found.push({ name, value: Number(digits) * factor })
  }
  return found
}
