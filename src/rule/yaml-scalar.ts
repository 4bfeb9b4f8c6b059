import type { YamlNode } from '../lib/yaml.ts'

const INFINITY = /^([-+]?)\.(?:inf|Inf|INF)$/
const NAN = /^\.(?:nan|NaN|NAN)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const WHOLE = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+))$/
const SECONDS = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/**
 * A number as Prometheus' reader of YAML takes it: `0x1F` and `1_000` are numbers, `010` is 8, a text in quotes is none.
 *
 * @returns undefined when it is none; 0 where nothing is written
 */
export function readNumber(node: YamlNode): number | undefined {
  if (node.kind !== 'scalar') return undefined
  if (node.isNull) return 0
  if (node.isQuoted) return undefined
  const { text } = node
  const infinite = INFINITY.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (NAN.test(text)) return Number.NaN
  const digits = text.replaceAll('_', '')
  const whole = WHOLE.exec(digits)
  if (whole !== null) {
    const [, sign, hexadecimal, octal, binary] = whole
    const size = Number.parseInt(hexadecimal ?? octal ?? binary ?? '', hexadecimal ? 16 : octal ? 8 : 2)
    return sign === '-' ? -size : size
  }
  return FLOAT.test(digits) ? Number(digits) : undefined
}

/** Epoch milliseconds of Unix seconds or RFC 3339; undefined for anything else. */
export function readTimestamp(text: string): number | undefined {
  if (SECONDS.test(text)) return Math.round(Number(text) * 1000)
  const ms = RFC3339.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
