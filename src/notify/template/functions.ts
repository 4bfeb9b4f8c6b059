import { goJson, goTime, sortedMap } from '../../lib/go-json.ts'
import { formatGoTime } from '../../lib/go-time.ts'
import type { GoSlice, GoTime, GoValue } from '../../lib/go-value.ts'
import type { TemplateFunction } from '../../template/function.ts'
import { goFunctions } from '../../template/functions-go.ts'
import { textFunctions } from '../../template/functions-text.ts'
import { CallError, humanizeDuration, toFloat } from '../../template/humanize.ts'
import { toLower, toUpper } from '../../template/text.ts'
import { texts } from './data.ts'

const TIME = '*time.Time'

const alertmanagerFunctions: readonly TemplateFunction[] = [
  ofText('toUpper', toUpper),
  ofText('toLower', toLower),
  ofText('title', titleCase),
  ofText('trimSpace', (text) => text.trim()),
  // Whether a text is put in as it is shows by the function that made it.
  ofText('safeHtml', (text) => text),
  ofText('safeUrl', (text) => text),
  ofText('urlUnescape', unescapeQuery),
  {
    name: 'join',
    parameters: ['string', '[]string'],
    call: ([separator, list]) => itemsOf(list).join(separator as string),
  },
  { name: 'stringSlice', parameters: [], rest: 'string', call: (items) => texts(items as readonly string[]) },
  { name: 'humanizeDuration', parameters: ['any'], call: ([value]) => humanizeDuration(toFloat(value)) },
  {
    name: 'date',
    parameters: ['string', TIME],
    call([layout, time]) {
      const { timeMs, zone } = must(time)
      return formatGoTime(timeMs, layout as string, zone)
    },
  },
  { name: 'tz', parameters: ['string', TIME], call: ([zone, time]) => inZone(must(time), zone as string) },
  {
    name: 'since',
    parameters: [TIME],
    call: ([time], { nowMs }) => ({
      kind: 'duration',
      nanoseconds: BigInt(Math.round(nowMs - must(time).timeMs)) * 1_000_000n,
    }),
  },
  { name: 'toJson', parameters: ['any'], call: ([value]) => goJson(plainOf(value)).trimEnd() },
]

/**
 * The functions that Alertmanager gives to the templates of messages.
 *
 * @see https://prometheus.io/docs/alerting/latest/notifications/#functions
 */
export const messageFunctions: ReadonlyMap<string, TemplateFunction> = new Map(
  [...goFunctions, ...textFunctions, ...alertmanagerFunctions].map((one) => [one.name, one]),
)

/** What these make is put into HTML as it is. */
export const SAFE_FUNCTIONS: ReadonlySet<string> = new Set(['safeHtml', 'html'])

function ofText(name: string, work: (text: string) => string): TemplateFunction {
  return { name, parameters: ['string'], call: ([text]) => work(text as string) }
}

const words = new Intl.Segmenter('en', { granularity: 'word' })

/** The first letter of each word as a capital and the rest small: `hello wORLD` is `Hello World`. */
function titleCase(text: string): string {
  return Array.from(words.segment(text), ({ segment }) =>
    segment.toLowerCase().replace(/\p{Cased}/u, (letter) => toUpper(letter)),
  ).join('')
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new CallError(`${JSON.stringify(text)} has a % that begins no escape`)
  }
}

function itemsOf(list: GoValue): readonly GoValue[] {
  return (list as GoSlice | null)?.items ?? []
}

function must(time: GoValue): GoTime {
  if (time === null) throw new CallError('the time is nil')
  return time as GoTime
}

function inZone(time: GoTime, zone: string): GoTime {
  if (zone === 'Local') return { ...time, zone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  if (zone === '' || zone === 'UTC') return { kind: 'time', timeMs: time.timeMs }
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return { ...time, zone }
  } catch {
    throw new CallError(`unknown time zone ${zone}`)
  }
}

/** Names of fields in JSON that are not simply their own with a small letter. */
const JSON_NAMES: Readonly<Record<string, string>> = { GeneratorURL: 'generatorURL', ExternalURL: 'externalURL' }

function plainOf(value: GoValue): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object') return value
  switch (value.kind) {
    case 'map':
      return value.elements === 'string'
        ? sortedMap(Object.fromEntries(value.keys().map((key) => [key, value.get(key) as string])))
        : Object.fromEntries(value.keys().map((key) => [key, plainOf(value.get(key))]))
    case 'slice':
      return value.items.map(plainOf)
    case 'struct': {
      const names = value.type === 'template.Pair' ? (name: string) => name : jsonName
      return Object.fromEntries([...value.fields].map(([name, field]) => [names(name), plainOf(field)]))
    }
    case 'time':
      return goTime(value.timeMs)
    case 'duration':
      return Number(value.nanoseconds)
  }
}

function jsonName(name: string): string {
  return JSON_NAMES[name] ?? name.charAt(0).toLowerCase() + name.slice(1)
}
