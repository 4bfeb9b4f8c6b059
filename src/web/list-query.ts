import { readTime } from '../ingest/time.ts'
import { didYouMean } from '../lib/suggest.ts'
import { type FieldError, HttpProblem } from './problem.ts'

const DEFAULT_PAGE_SIZE = 20
const LARGEST_PAGE_SIZE = 1000
/** Turning pages further than this costs more than it tells; a narrower time answers faster. */
const DEEPEST_ITEM = 100_000

/** Reads the parameters of a list, and gathers what is wrong with all of them. */
export class ListQuery {
  readonly #given: ReadonlyMap<string, string>
  readonly #errors: FieldError[] = []

  /** @param known the names that the address takes, besides `page` and `page_size` */
  constructor(query: Readonly<Record<string, string>>, known: readonly string[]) {
    this.#given = new Map(Object.entries(query))
    const names = [...known, 'page', 'page_size']
    for (const name of this.#given.keys()) {
      if (!names.includes(name)) this.fault(name, `is not known here${didYouMean(name, names)}`)
    }
  }

  text(name: string): string | undefined {
    return this.#given.get(name)
  }

  /** Epoch milliseconds. */
  moment(name: string): number | undefined {
    const text = this.#given.get(name)
    if (text === undefined) return undefined
    const time = readTime(text)
    if (time.ok) return time.ms
    this.fault(name, time.why)
    return undefined
  }

  /** Whatever `read` makes of the text; what it throws is what is wrong with it. */
  as<Value>(name: string, read: (text: string) => Value): Value | undefined {
    const text = this.#given.get(name)
    if (text === undefined) return undefined
    try {
      return read(text)
    } catch (error) {
      this.fault(name, (error as Error).message)
      return undefined
    }
  }

  /** Which page is asked for, and how long one is. */
  page(): { readonly page: number; readonly pageSize: number } {
    const pageSize = this.#count('page_size', DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    return { page: this.#count('page', 1, Math.ceil(DEEPEST_ITEM / pageSize)), pageSize }
  }

  fault(field: string, message: string): void {
    this.#errors.push({ field, message })
  }

  /** @throws HttpProblem 400 that names every fault */
  check(): void {
    const errors = this.#errors
    if (errors.length === 0) return
    const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ')
    throw new HttpProblem(400, 'Invalid query', detail, { errors })
  }

  #count(name: string, fallback: number, most: number): number {
    const text = this.#given.get(name)
    if (text === undefined) return fallback
    const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
    if (value >= 1 && value <= most) return value
    this.fault(name, `is not a whole number from 1 to ${most}`)
    return fallback
  }
}
