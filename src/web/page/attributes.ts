import { formatCount } from './text.tsx'

const MAX_LINES = 200
const MAX_DEPTH = 8

type Line = readonly [name: string, text: string]

/**
 * Nested attributes as a flat list, in order: `{ http: { status: 200 } }` is `http.status` and `200`, a list of plain values
 * one line. Deeper than 8 levels and after 200 lines it ends, and says so.
 */
export function flattenAttributes(attributes: Readonly<Record<string, unknown>>): readonly Line[] {
  const all = Object.entries(attributes).flatMap(([key, value]) => [...linesOf(key, value, 1)])
  const left = all.length - MAX_LINES
  return left > 0 ? [...all.slice(0, MAX_LINES), ['…', `${formatCount(left)} more`]] : all
}

function* linesOf(path: string, value: unknown, depth: number): Generator<Line> {
  if (value === null || typeof value !== 'object') {
    yield [path, plain(value)]
    return
  }
  const members = Object.entries(value)
  if (members.length === 0) yield [path, 'empty']
  else if (Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object')) {
    yield [path, value.map(plain).join(', ')]
  } else if (depth >= MAX_DEPTH) yield [path, '… (nested too deeply to show)']
  else for (const [key, member] of members) yield* linesOf(`${path}.${key}`, member, depth + 1)
}

function plain(value: unknown): string {
  return value === null || value === undefined ? 'none' : String(value)
}
