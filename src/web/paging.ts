import type { Context } from 'hono'
import { HttpProblem } from './problem.ts'

const DEFAULT_PAGE_SIZE = 20
const LARGEST_PAGE_SIZE = 1000
const LAST_PAGE = 100_000

/** A page of a list of ours, in the shape that all of them have. */
export interface ListPage<Item> {
  readonly items: readonly Item[]
  readonly page: number
  readonly page_size: number
  readonly total: number
}

/**
 * The part of a list that `page` and `page_size` ask for.
 *
 * @throws HttpProblem 400 when they are no numbers
 */
export function pageOf<Item>(c: Context, all: readonly Item[]): ListPage<Item> {
  const page = wholeNumber(c.req.query('page'), 'page', 1, LAST_PAGE)
  const pageSize = wholeNumber(c.req.query('page_size'), 'page_size', DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
  const items = all.slice((page - 1) * pageSize, page * pageSize)
  return { items, page, page_size: pageSize, total: all.length }
}

function wholeNumber(text: string | undefined, field: string, fallback: number, most: number): number {
  if (text === undefined) return fallback
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= most) return value
  const message = `is not a whole number from 1 to ${most}`
  throw new HttpProblem(400, 'Invalid query', `${field} ${message}`, { errors: [{ field, message }] })
}
