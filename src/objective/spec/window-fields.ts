import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import type { AlertWindows, WindowPair } from '../windows.ts'
import type { SpecReader } from './spec-reader.ts'

type Fields = ReadonlyMap<string, YamlNode>

/** `page` and `ticket` with a quick and a slow pair each, as in AlertWindows. */
export function readPairs(reader: SpecReader, fields: Fields, path: Path): Omit<AlertWindows, 'periodMs'> {
  return {
    page: readSeverity(reader, fields.get('page'), [...path, 'page']),
    ticket: readSeverity(reader, fields.get('ticket'), [...path, 'ticket']),
  }
}

function readSeverity(reader: SpecReader, node: YamlNode | undefined, path: Path): AlertWindows['page'] {
  const fields = reader.map(node, path, ['quick', 'slow'])
  if (fields === undefined)
    reader.problem(path, 'is missing; write quick and slow, each with errorBudgetPercent, shortWindow and longWindow')
  const pair = (key: 'quick' | 'slow') => readPair(reader, fields, [...path, key], key)
  return { quick: pair('quick'), slow: pair('slow') }
}

const PAIR_KEYS = ['errorBudgetPercent', 'shortWindow', 'longWindow', 'shortFactor', 'longFactor'] as const

function readPair(reader: SpecReader, parent: Fields | undefined, path: Path, key: string): WindowPair {
  const fields = reader.map(parent?.get(key), path, PAIR_KEYS)
  if (parent !== undefined && fields === undefined)
    reader.problem(path, 'is missing; write {errorBudgetPercent: 2, shortWindow: 5m, longWindow: 1h}')
  const window = (name: string, example: string) => {
    if (fields === undefined) return 0
    const ms = reader.duration(fields.get(name), [...path, name])
    if (!fields.has(name) || ms === 0) reader.problem([...path, name], `has to be a time span such as ${example}`)
    return ms ?? 0
  }
  const factor = (name: 'shortFactor' | 'longFactor') => {
    if (!fields?.has(name)) return {}
    const value = reader.number(fields.get(name), [...path, name], 'a factor such as 14.4')
    if (value !== undefined && value > 0) return { [name]: value }
    if (value !== undefined) reader.problem([...path, name], `${value} can't be a factor; write one above 0`)
    return {}
  }
  const factors = { ...factor('shortFactor'), ...factor('longFactor') }
  const needsPercent = fields !== undefined && Object.keys(factors).length < 2
  const percent =
    needsPercent || fields?.has('errorBudgetPercent')
      ? reader.number(fields?.get('errorBudgetPercent'), [...path, 'errorBudgetPercent'], 'a percentage such as 2')
      : 0
  if (needsPercent && percent !== undefined && !(percent > 0 && percent <= 100)) {
    reader.problem(
      [...path, 'errorBudgetPercent'],
      `${percent} is no share of a budget; write a percentage above 0 and up to 100`,
    )
  }
  return {
    budgetPercent: percent ?? 0,
    shortMs: window('shortWindow', '5m'),
    longMs: window('longWindow', '1h'),
    ...factors,
  }
}
