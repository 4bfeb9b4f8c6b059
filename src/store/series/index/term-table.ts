import { type Column, widened } from './column.ts'

/** The values of one label name, each with the number of its term. */
export type TermsByValue = ReadonlyMap<string, number>

interface Name {
  readonly text: string
  readonly number: number
  readonly terms: Map<string, number>
}

/**
 * Gives a number to every pair of a label's name and value that series have. Numbers start at 1; that of a pair which no
 * series has any more is given to another.
 */
export class TermTable {
  readonly #names = new Map<string, Name>()
  /** By number of the name. */
  readonly #nameOf: (Name | undefined)[] = []
  readonly #freeNames: number[] = []
  /** By term. */
  readonly #values: string[] = ['']
  readonly #freeTerms: number[] = []
  #nameNumbers: Column = new Uint32Array(64)

  /** Greater than every term. */
  get end(): number {
    return this.#values.length
  }

  /** The term of a pair, or 0. */
  find(name: string, value: string): number {
    return this.#names.get(name)?.terms.get(value) ?? 0
  }

  /** The term of a pair, which is new when no series had the pair. */
  take(name: string, value: string): number {
    const known = this.#names.get(name)
    const term = known?.terms.get(value)
    if (term !== undefined) return term
    return this.#addValue(known ?? this.#addName(own(name)), own(value))
  }

  valuesOf(name: string): TermsByValue | undefined {
    return this.#names.get(name)?.terms
  }

  names(): Iterable<string> {
    return this.#names.keys()
  }

  nameOf(term: number): string {
    return (this.#nameOf[this.#nameNumbers[term] as number] as Name).text
  }

  valueOf(term: number): string {
    return this.#values[term] as string
  }

  /** Numbers of names by term, for who looks for the term of one name among others; with `numberOf`. */
  get nameNumbers(): Uint32Array {
    return this.#nameNumbers
  }

  /** The number of a name that series have. */
  numberOf(name: string): number | undefined {
    return this.#names.get(name)?.number
  }

  /** No series has the pair any more. */
  drop(term: number): void {
    const name = this.#nameOf[this.#nameNumbers[term] as number] as Name
    name.terms.delete(this.#values[term] as string)
    this.#values[term] = ''
    this.#freeTerms.push(term)
    if (name.terms.size > 0) return
    this.#names.delete(name.text)
    this.#nameOf[name.number] = undefined
    this.#freeNames.push(name.number)
  }

  #addName(text: string): Name {
    const number = this.#freeNames.pop() ?? this.#nameOf.length
    const name = { text, number, terms: new Map<string, number>() }
    this.#nameOf[number] = name
    this.#names.set(text, name)
    return name
  }

  #addValue(name: Name, value: string): number {
    const term = this.#freeTerms.pop() ?? this.#values.length
    this.#values[term] = value
    if (term >= this.#nameNumbers.length) this.#nameNumbers = widened(this.#nameNumbers, term + 1)
    this.#nameNumbers[term] = name.number
    name.terms.set(value, term)
    return term
  }
}

/**
 * The text in memory of its own. A part of a text keeps the whole of it in memory in V8, so that a label's value of 20
 * letters could hold on to a scrape of megabytes.
 */
function own(text: string): string {
  if (text.length < 13) return text
  const encoding = /[^\0-\xff]/.test(text) ? 'utf16le' : 'latin1'
  return Buffer.from(text, encoding).toString(encoding)
}
