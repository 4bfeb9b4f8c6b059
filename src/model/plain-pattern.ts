/** What a pattern that needs no regex engine comes down to. */
export interface PlainPattern {
  /** All texts that match, when they can be counted out. */
  readonly words: readonly string[] | undefined
  /** Undefined for a text that only the engine can judge: one in which a character takes two code units. */
  test(text: string): boolean | undefined
}

/** One place of a text: this code unit, one of several, or any. */
type Cell = number | ReadonlySet<number> | typeof ANY
type Part = Cell | typeof GAP
type Sequence = readonly Part[]

const ANY = 'any'
/** Any number of any characters. */
const GAP = 'gap'

/** Sequences that a pattern may come down to; beyond it the engine is as good. */
const MAX_SEQUENCES = 4096
const MAX_DEPTH = 10
const ESCAPED = new Set('\\.+*?()[]{}^$|-/:')
const QUANTIFIERS = new Set('*+?{')
const SURROGATE = /[\ud800-\udfff]/

/**
 * Understands the patterns that selectors are mostly made of: words, `.`, `.*`, `.+`, `?`, groups, alternatives and plain
 * character classes, anchored on both ends and with `.` for every character, line breaks included.
 *
 * @returns undefined for every other pattern, also for one that is wrong
 */
export function readPlainPattern(pattern: string): PlainPattern | undefined {
  if (SURROGATE.test(pattern)) return undefined
  const sequences = new PatternReader(pattern).read()
  if (sequences === undefined) return undefined
  if (sequences.every((sequence) => sequence.every((part) => typeof part === 'number'))) {
    const words = new Set(sequences.map((sequence) => String.fromCharCode(...(sequence as number[]))))
    return { words: [...words], test: (text) => words.has(text) }
  }
  const tests = sequences.map(sequenceTest)
  const countsCharacters = sequences.some((sequence) => sequence.includes(ANY))
  const [only] = tests
  const isMatch = tests.length === 1 && only !== undefined ? only : (text: string) => tests.some((test) => test(text))
  return { words: undefined, test: (text) => (countsCharacters && SURROGATE.test(text) ? undefined : isMatch(text)) }
}

/** Reads a pattern by descent; everything that it does not know makes the whole of it undefined. */
class PatternReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Sequence[] | undefined {
    const sequences = this.#alternatives(0)
    return this.#at === this.#text.length ? sequences : undefined
  }

  #alternatives(depth: number): Sequence[] | undefined {
    if (depth > MAX_DEPTH) return undefined
    const all: Sequence[] = []
    for (;;) {
      const next = this.#concatenation(depth)
      if (next === undefined || all.length + next.length > MAX_SEQUENCES) return undefined
      all.push(...next)
      if (this.#text[this.#at] !== '|') return all
      this.#at++
    }
  }

  #concatenation(depth: number): Part[][] | undefined {
    // At the ends of a whole alternative the anchors say what holds anyway.
    if (depth === 0 && this.#text[this.#at] === '^') this.#at++
    let sequences: Part[][] = [[]]
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined || char === '|' || char === ')') return sequences
      if (depth === 0 && char === '$') {
        this.#at++
        const after = this.#text[this.#at]
        return after === undefined || after === '|' ? sequences : undefined
      }
      const item = this.#item(depth)
      if (item === undefined || sequences.length * item.length > MAX_SEQUENCES) return undefined
      const [only] = item
      // Most are letters: long words are put together in place.
      if (item.length === 1 && only !== undefined) for (const sequence of sequences) sequence.push(...only)
      else sequences = sequences.flatMap((before) => item.map((behind) => [...before, ...behind]))
    }
  }

  #item(depth: number): Sequence[] | undefined {
    const char = this.#text[this.#at++] as string
    const item = this.#single(char, depth)
    const quantifier = this.#text[this.#at]
    if (item === undefined || quantifier === undefined || !QUANTIFIERS.has(quantifier)) return item
    this.#at++
    const after = this.#text[this.#at]
    if (after !== undefined && QUANTIFIERS.has(after)) return undefined
    if (quantifier === '?') return [...item, []]
    if (char !== '.' || quantifier === '{') return undefined
    return quantifier === '*' ? [[GAP]] : [[ANY, GAP]]
  }

  #single(char: string, depth: number): Sequence[] | undefined {
    switch (char) {
      case '.':
        return [[ANY]]
      case '(':
        return this.#group(depth)
      case '[':
        return this.#characterClass()
      case '\\': {
        const escaped = this.#text[this.#at++]
        return escaped !== undefined && ESCAPED.has(escaped) ? [[escaped.charCodeAt(0)]] : undefined
      }
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
      case '^':
      case '$':
        return undefined
      default:
        return [[char.charCodeAt(0)]]
    }
  }

  #group(depth: number): Sequence[] | undefined {
    if (this.#text[this.#at] === '?') {
      if (this.#text[this.#at + 1] !== ':') return undefined
      this.#at += 2
    }
    const inner = this.#alternatives(depth + 1)
    return this.#text[this.#at++] === ')' ? inner : undefined
  }

  /** Letters, digits, `_` and ranges of them, as in `[45]` and `[a-z0-9_]`. */
  #characterClass(): Sequence[] | undefined {
    const end = this.#text.indexOf(']', this.#at)
    const inner = this.#text.slice(this.#at, end)
    if (end === -1 || !/^(?:\w(?:-\w)?)+$/.test(inner)) return undefined
    this.#at = end + 1
    const units = new Set<number>()
    for (const [range] of inner.matchAll(/\w(?:-\w)?/g)) {
      const last = range.charCodeAt(range.length - 1)
      if (last < range.charCodeAt(0)) return undefined
      for (let unit = range.charCodeAt(0); unit <= last; unit++) units.add(unit)
    }
    return [[units]]
  }
}

/** Tells whether a whole text is made as the sequence says. */
function sequenceTest(sequence: Sequence): (text: string) => boolean {
  const pieces: Piece[] = []
  let cells: Cell[] = []
  for (const part of sequence) {
    if (part !== GAP) {
      cells.push(part)
      continue
    }
    pieces.push(new Piece(cells))
    cells = []
  }
  const last = new Piece(cells)
  const [first, ...between] = pieces
  if (first === undefined) return (text) => text.length === last.length && last.standsAt(text, 0)
  const inner = between.filter((piece) => piece.length > 0)
  const shortest = first.length + last.length
  if (inner.length === 0 && last.length === 0) return (text) => text.length >= shortest && first.standsAt(text, 0)
  return (text) => {
    const end = text.length - last.length
    if (text.length < shortest || !first.standsAt(text, 0) || !last.standsAt(text, end)) return false
    let at = first.length
    // The first place is the best for each: it leaves the most to those behind it.
    for (const piece of inner) {
      const found = piece.find(text, at, end)
      if (found === -1) return false
      at = found + piece.length
    }
    return at <= end
  }
}

/** What stands between two gaps: as many places as it has cells. */
class Piece {
  readonly length: number
  readonly #cells: readonly Cell[]
  readonly #word: string | undefined

  constructor(cells: readonly Cell[]) {
    this.length = cells.length
    this.#cells = cells
    const isWord = cells.every((cell) => typeof cell === 'number')
    this.#word = isWord ? String.fromCharCode(...(cells as number[])) : undefined
  }

  standsAt(text: string, at: number): boolean {
    if (this.#word !== undefined) return text.startsWith(this.#word, at)
    for (const [i, cell] of this.#cells.entries()) {
      if (cell === ANY) continue
      const unit = text.charCodeAt(at + i)
      if (typeof cell === 'number' ? cell !== unit : !cell.has(unit)) return false
    }
    return true
  }

  /** Where it stands first in `text[from, end)`, or -1. */
  find(text: string, from: number, end: number): number {
    if (this.#word !== undefined) {
      const at = text.indexOf(this.#word, from)
      return at !== -1 && at + this.length <= end ? at : -1
    }
    for (let at = from; at + this.length <= end; at++) if (this.standsAt(text, at)) return at
    return -1
  }
}
