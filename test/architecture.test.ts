import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Rows of rooms, lowest first; a room imports from rows below its own, and its neighbours do not know each other. */
const ROWS = [
  ['lib'],
  ['model', 'telemetry'],
  ['wire', 'promql', 'template', 'dashboard'],
  ['store', 'probe', 'ingest', 'objective', 'alert', 'health'],
  ['rule', 'notify', 'audit', 'export'],
  ['config'],
  ['web'],
  ['app'],
  ['cli'],
  ['main'],
] as const

/** Rooms that are to be usable without the rest of the program. */
const ALLOWED_ONLY: Readonly<Record<string, readonly string[]>> = { promql: ['model'] }

const SRC = resolve(import.meta.dirname, '../src')
const rowOf = new Map<string, number>(ROWS.flatMap((rooms, row) => rooms.map((room) => [room, row] as const)))

interface Import {
  readonly from: string
  readonly to: string
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => join(SRC, file))

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(from, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) => ({
    from,
    to: resolve(dirname(from), path),
  })),
)

/** `src/store/x.ts` is in `store`; `src/main.ts` is a room of its own. */
function roomOf(file: string): string {
  const [first = ''] = relative(SRC, file).split(sep)
  return first.replace(/\.tsx?$/, '')
}

function show({ from, to }: Import): string {
  return `${relative(SRC, from)} → ${relative(SRC, to)}`
}

describe('the rooms of the house', () => {
  test('every folder under src is a known room', () => {
    const unknown = [...new Set(files.map(roomOf))].filter((room) => !rowOf.has(room))
    expect(unknown).toEqual([])
  })

  test('no room imports from its own row or above', () => {
    const upward = imports.filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)]
      return to.startsWith(SRC) && here !== there && (rowOf.get(there) ?? 99) >= (rowOf.get(here) ?? -1)
    })
    expect(upward.map(show)).toEqual([])
  })

  test('promql uses the words of model and nothing else of ours', () => {
    const others = imports.filter(({ from, to }) => {
      const allowed = ALLOWED_ONLY[roomOf(from)]
      return allowed !== undefined && roomOf(to) !== roomOf(from) && !allowed.includes(roomOf(to))
    })
    expect(others.map(show)).toEqual([])
  })

  test('no file imports itself through others', () => {
    const graph = Map.groupBy(
      imports.filter((each) => !isTypeOnly(each)),
      ({ from }) => from,
    )
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].map((each) => relative(SRC, each)).join(' → '))
        return
      }
      if (done.has(file)) return
      done.add(file)
      for (const { to } of graph.get(file) ?? []) visit(to, [...path, file])
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  test('no SQL is written outside store', () => {
    const strangers = files.filter((file) => {
      const room = roomOf(file)
      return (
        room !== 'store' &&
        /\.statement\(\s*[`'"](?:SELECT(?! sqlite_version)|INSERT|UPDATE|DELETE)/.test(readFileSync(file, 'utf8'))
      )
    })
    expect(strangers.map((file) => relative(SRC, file))).toEqual([])
  })

  test('nothing is imported by a name that is made at run time, and no thread is started from a path', () => {
    const computed = files.filter((file) => /import\(\s*[^'"\s)]|new Worker\(\s*['"`]/.test(readFileSync(file, 'utf8')))
    expect(computed.map((file) => relative(SRC, file))).toEqual([])
  })
})

/** A type that two files need of each other is gone when the program runs. */
function isTypeOnly({ from, to }: Import): boolean {
  const text = readFileSync(from, 'utf8')
  const path = relative(dirname(from), to).split(sep).join('/')
  const name = path.startsWith('.') ? path : `./${path}`
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const statement = new RegExp(`import (type )?([^;]*?) from '${escaped}'`).exec(text)
  if (statement === null) return false
  if (statement[1] !== undefined) return true
  const names = /\{([^}]*)\}/.exec(statement[2] ?? '')?.[1]?.split(',') ?? ['value']
  return names.every((each) => each.trim() === '' || each.trim().startsWith('type '))
}
