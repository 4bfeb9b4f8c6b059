import type { Context } from 'hono'
import { parseGoFloat } from '../../lib/go-format.ts'
import { parseDuration } from '../../model/duration.ts'
import { quoteLabelValue } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { PromqlError } from '../../promql/index.ts'
import { readText } from '../body.ts'
import { parseSelector } from '../selector.ts'

/** The widest span of time that JavaScript's dates have; epoch milliseconds. */
export const MIN_TIME_MS = -8.64e15
export const MAX_TIME_MS = 8.64e15

/** As Prometheus prints its own least and greatest time; clients send them back. */
const EXTREMES: Readonly<Record<string, number>> = {
  '-292273086-05-16T16:47:06Z': MIN_TIME_MS,
  '292277025-08-18T07:12:54.999999999Z': MAX_TIME_MS,
}

const NON_EMPTY = 'must contain at least one non-empty matcher'

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** A parameter that can't be used; the message is Prometheus'. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError'
}

export function invalidParameter(name: string, why: string): ParameterError {
  return new ParameterError(`invalid parameter ${quoteLabelValue(name)}: ${why}`)
}

/** The parameters of a request, from a form in its body and from its address, as in Go. */
export async function readParameters(c: Context): Promise<Parameters> {
  const fromAddress = new URL(c.req.url).searchParams
  const isForm = c.req.header('content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  if (c.req.method !== 'POST' || !isForm) return new Parameters([fromAddress])
  return new Parameters([new URLSearchParams(await readText(c)), fromAddress])
}

/** Parameters in the order of their importance: the body's before the address's. */
export class Parameters {
  readonly #sources: readonly URLSearchParams[]

  constructor(sources: readonly URLSearchParams[]) {
    this.#sources = sources
  }

  /** '' when it is absent. */
  get(name: string): string {
    return this.all(name)[0] ?? ''
  }

  all(name: string): string[] {
    return this.#sources.flatMap((source) => source.getAll(name))
  }

  /**
   * Seconds since the epoch, or RFC 3339.
   *
   * @returns epoch milliseconds, or undefined when it is absent
   * @throws ParameterError
   */
  time(name: string): number | undefined {
    const text = this.get(name)
    return text === '' ? undefined : parseTime(name, text, `invalid time value for '${name}': `)
  }

  /** @throws ParameterError when it is absent, too */
  requiredTime(name: string): number {
    return parseTime(name, this.get(name))
  }

  /**
   * Seconds, or a duration such as `1m30s`.
   *
   * @returns milliseconds, or undefined when it is absent
   * @throws ParameterError
   */
  duration(name: string): number | undefined {
    const text = this.get(name)
    return text === '' ? undefined : parseSpan(name, text)
  }

  /** @throws ParameterError when it is absent, too */
  requiredDuration(name: string): number {
    return parseSpan(name, this.get(name))
  }

  /**
   * How much is wanted at most.
   *
   * @returns undefined when it is absent or 0, which both mean everything
   * @throws ParameterError
   */
  limit(name = 'limit'): number | undefined {
    const text = this.get(name)
    if (text === '') return undefined
    if (!/^[+-]?\d+$/.test(text)) {
      throw invalidParameter(name, `strconv.Atoi: parsing ${quoteLabelValue(text)}: invalid syntax`)
    }
    const limit = Number(text)
    if (limit < 0) throw invalidParameter(name, 'limit must be non-negative')
    return limit === 0 ? undefined : limit
  }

  /**
   * The selectors of all `match[]`.
   *
   * @param prefix what an error's message begins with; Prometheus names the parameter at some addresses only
   * @throws ParameterError
   */
  selectors(prefix = ''): (readonly Matcher[])[] {
    return this.all('match[]').map((text) => {
      try {
        return parseSelector(text)
      } catch (error) {
        if (!(error instanceof PromqlError)) throw error
        const why = error.detail.endsWith(NON_EMPTY) ? `match[] ${NON_EMPTY}` : error.message
        throw new ParameterError(`${prefix}${why}`)
      }
    })
  }
}

function parseTime(name: string, text: string, prefix = ''): number {
  const seconds = parseGoFloat(text)
  const extreme = Object.hasOwn(EXTREMES, text) ? EXTREMES[text] : undefined
  const ms = seconds !== undefined ? Math.round(seconds * 1000) : RFC3339.test(text) ? Date.parse(text) : extreme
  if (ms !== undefined && ms >= MIN_TIME_MS && ms <= MAX_TIME_MS) return ms
  throw invalidParameter(name, `${prefix}cannot parse ${quoteLabelValue(text)} to a valid timestamp`)
}

function parseSpan(name: string, text: string): number {
  const seconds = parseGoFloat(text)
  const ms = seconds === undefined ? parseDuration(text) : Math.round(seconds * 1000)
  if (ms !== undefined && Math.abs(ms) <= Number.MAX_SAFE_INTEGER) return ms
  throw invalidParameter(name, `cannot parse ${quoteLabelValue(text)} to a valid duration`)
}
