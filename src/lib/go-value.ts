/**
 * A value as Go's templates and `fmt` see it. What JavaScript has is itself: text, a boolean, a bigint for Go's `int`,
 * a number for `float64`, null for `nil`; undefined is no value at all, which a template prints as `<no value>`.
 */
export type GoValue =
  | undefined
  | null
  | string
  | boolean
  | bigint
  | number
  | GoMap
  | GoSlice
  | GoStruct
  | GoTime
  | GoDuration

/** What can be called on a value by its name. */
export interface GoMethod {
  /** Go's names of the types of its arguments. */
  readonly parameters: readonly string[]
  call(args: readonly GoValue[]): GoValue
}

export type GoMethods = Readonly<Record<string, GoMethod>>

/** A map with text keys; `elements` says what a missing key gives: '' or no value. */
export interface GoMap {
  readonly kind: 'map'
  readonly elements: 'string' | 'any'
  readonly size: number
  /** Sorted, as Go prints and ranges over them. */
  keys(): readonly string[]
  /** Undefined when there is no such key. */
  get(key: string): GoValue
  readonly methods?: GoMethods
}

export interface GoSlice {
  readonly kind: 'slice'
  readonly type: string
  readonly items: readonly GoValue[]
  readonly methods?: GoMethods
}

/** A struct, or a pointer to one. */
export interface GoStruct {
  readonly kind: 'struct'
  readonly type: string
  readonly isPointer: boolean
  readonly fields: ReadonlyMap<string, GoValue>
}

/** A moment, epoch milliseconds. */
export interface GoTime {
  readonly kind: 'time'
  readonly timeMs: number
  /** The IANA zone in which it is printed; UTC when absent. */
  readonly zone?: string
}

export interface GoDuration {
  readonly kind: 'duration'
  readonly nanoseconds: bigint
}

/** The name that Go's `%T` prints. */
export function goType(value: GoValue): string {
  if (value === undefined || value === null) return '<nil>'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  switch (value.kind) {
    case 'map':
      return value.elements === 'string' ? 'map[string]string' : 'map[string]interface {}'
    case 'slice':
      return value.type
    case 'struct':
      return value.isPointer ? `*${value.type}` : value.type
    case 'time':
      return '*time.Time'
    case 'duration':
      return '*time.Duration'
  }
}

/** A map of any values, for what a program makes itself. */
export function goMap(entries: ReadonlyMap<string, GoValue>): GoMap {
  return {
    kind: 'map',
    elements: 'any',
    size: entries.size,
    keys: () => [...entries.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    get: (key) => entries.get(key),
  }
}
