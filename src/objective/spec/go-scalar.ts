import { formatFloat } from '../../lib/go-format.ts'
import type { YamlScalar } from '../../lib/yaml.ts'

const TRUE = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])
const FALSE = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])
const INTEGER = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/

/**
 * A scalar as Sloth has it where it expects a text: read as YAML 1.1 first, so that `0.20` becomes `0.2`, `yes` becomes `true`
 * and `0o17` becomes `15`, and then written out again. Quoted texts stay as they are.
 */
export function goScalarText({ text, isNull, isQuoted }: YamlScalar): string {
  if (isNull) return ''
  if (isQuoted) return text
  const switched = yamlSwitch(text)
  if (switched !== undefined) return String(switched)
  if (INTEGER.test(text)) return integerText(text.replaceAll('_', ''))
  if (FLOAT.test(text)) return formatFloat(Number(text.replaceAll('_', '')), 'g')
  return text
}

/** What YAML 1.1 takes for a switch. */
export function yamlSwitch(text: string): boolean | undefined {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

function integerText(text: string): string {
  const sign = text.startsWith('-') ? '-' : ''
  const digits = text.replace(/^[-+]/, '')
  const octal = /^0o?([0-7]+)$/.exec(digits)?.[1]
  if (digits === '0') return '0'
  return sign + String(BigInt(octal === undefined ? digits : `0o${octal}`))
}
