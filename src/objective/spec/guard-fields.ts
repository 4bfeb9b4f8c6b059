import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import { type Guards, SEVERITIES, type Sli } from '../slo.ts'
import type { Fields, SpecReader } from './spec-reader.ts'

const DEFAULT_MIN_EVENTS = 10
const DEFAULT_ERRORS = 3

/** Names of the keys, which are in camel case in Kubernetes. */
export interface GuardKeys {
  readonly guards: string
  readonly minEvents: string
  readonly lowTraffic: string
}

/** What midwatch does beyond Sloth for an SLO; undefined when it is told to do exactly as Sloth does. */
export function readGuards(
  reader: SpecReader,
  fields: Fields,
  path: Path,
  keys: GuardKeys,
  sli: Sli | undefined,
): Guards | undefined {
  const isOff = fields.has(keys.guards) && !reader.switch(fields.get(keys.guards), [...path, keys.guards])
  const isCounted = sli?.kind === 'events' && sli.counts !== 'unknown'
  const minEvents = fields.has(keys.minEvents)
    ? wholeNumber(reader, fields.get(keys.minEvents), [...path, keys.minEvents], 0)
    : DEFAULT_MIN_EVENTS
  const lowTraffic = readLowTraffic(reader, fields.get(keys.lowTraffic), [...path, keys.lowTraffic])
  for (const key of [keys.minEvents, keys.lowTraffic]) {
    if (!fields.has(key) || isCounted || sli === undefined) continue
    const why = isOff
      ? `${keys.guards} is false`
      : sli.kind === 'raw'
        ? 'a ratio does not tell how many events there were; write events in its place'
        : 'it can’t be told whether the total query counts events within the window or a second; use rate or increase in it'
    reader.problem([...path, key], `changes nothing: ${why}`, 'warning')
  }
  if (isOff) return undefined
  return isCounted ? { minEvents, lowTraffic } : { minEvents: 0, lowTraffic: undefined }
}

function readLowTraffic(reader: SpecReader, node: YamlNode | undefined, path: Path): Guards['lowTraffic'] {
  const standard = { errors: DEFAULT_ERRORS, withinMs: undefined, severity: 'ticket' } as const
  if (node === undefined) return standard
  if (node.kind === 'scalar') return reader.switch(node, path) ? standard : undefined
  const fields = reader.map(node, path, ['errors', 'within', 'severity'])
  if (fields === undefined) return undefined
  const withinMs = reader.duration(fields.get('within'), [...path, 'within'])
  if (withinMs !== undefined && withinMs < 60_000)
    reader.problem([...path, 'within'], 'is under a minute; write 1h or more')
  return {
    errors: fields.has('errors') ? wholeNumber(reader, fields.get('errors'), [...path, 'errors'], 1) : DEFAULT_ERRORS,
    withinMs,
    severity: reader.choice(fields.get('severity'), [...path, 'severity'], SEVERITIES) ?? 'ticket',
  }
}

function wholeNumber(reader: SpecReader, node: YamlNode | undefined, path: Path, least: number): number {
  const value = reader.number(node, path, 'a whole number such as 10')
  if (value === undefined || (Number.isInteger(value) && value >= least)) return value ?? least
  reader.problem(path, `${value} is not a whole number from ${least} on`)
  return least
}
