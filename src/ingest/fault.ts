import { didYouMean } from '../lib/suggest.ts'

/** One thing wrong with what was sent: where it stands, and what to write instead. */
export interface Fault {
  /** `[3].labels.model`, or '' for the whole. */
  readonly field: string
  readonly message: string
}

/** Where something stands, part by part, so that only what is wrong is ever put into words; '' is a part without a name. */
export type Path = readonly string[]

/** What became of something that was sent: all of it, or everything that is wrong with it. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly faults: readonly Fault[] }

const MOST_FAULTS = 20
const LONGEST_SHOWN = 60

/** Gathers what is wrong, up to a number that a person reads. */
export class Faults {
  readonly #list: Fault[] = []

  get list(): readonly Fault[] {
    return this.#list
  }

  /** Whether looking further would tell nothing more. */
  get isFull(): boolean {
    return this.#list.length >= MOST_FAULTS
  }

  add(path: Path, message: string): undefined {
    if (!this.isFull) this.#list.push({ field: textOf(path), message })
    return undefined
  }

  /** What was made, if nothing was wrong on the way. */
  settle<Value>(value: Value): Parsed<Value> {
    return this.#list.length === 0 ? { ok: true, value } : { ok: false, faults: this.#list }
  }
}

/** A text that somebody sent, short enough for a message and free of control characters. */
export function show(text: string): string {
  const short = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
  return JSON.stringify(short.toWellFormed())
}

/** What a value is, for messages; it is never printed itself, however deep or long. */
export function whatIs(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return 'a text'
    case 'object':
      return 'an object'
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? `the number ${value}` : 'a number too large to hold'
    default:
      return 'nothing'
  }
}

/** `[3].labels.model`, `labels.model` when only one entry was sent. */
function textOf(path: Path): string {
  let text = ''
  for (const part of path) {
    const short = part.length > LONGEST_SHOWN ? `${part.slice(0, LONGEST_SHOWN)}…` : part
    text += text === '' || short === '' || short.startsWith('[') ? short : `.${short}`
  }
  return text
}

/** An object as a map of its own fields, so that `__proto__` and `constructor` are fields like any other. */
export function fieldsOf(
  value: unknown,
  entry: Path,
  known: readonly string[],
  faults: Faults,
  { noun, hint = '' }: { readonly noun: string; readonly hint?: string },
): ReadonlyMap<string, unknown> | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return faults.add(entry, `is ${whatIs(value)}; write ${noun}`)
  }
  const fields = new Map<string, unknown>(Object.entries(value))
  for (const name of fields.keys()) {
    if (known.includes(name)) continue
    const near = didYouMean(name, known)
    faults.add([...entry, name], `is not known here${hint}${near}`)
  }
  return fields
}
