import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type AddressPolicy, refuseLiteral } from '../../lib/address.ts'
import { version } from '../../lib/version.ts'
import { Labels } from '../../model/labels.ts'
import type { VectorSample } from '../../model/rule.ts'
import { authorizationOf } from '../../probe/scrape/credentials.ts'
import { parseFloatText } from '../../wire/float-text.ts'
import type { MetricsBackend } from './backend-config.ts'

/** A Prometheus-compatible server that answers in the place of midwatch's own store. */
export class QueryBackend {
  readonly #config: MetricsBackend
  readonly #policy: () => AddressPolicy
  readonly #baseFolder: string

  constructor(config: MetricsBackend, policy: () => AddressPolicy, baseFolder: string) {
    this.#config = config
    this.#policy = policy
    this.#baseFolder = baseFolder
  }

  /**
   * An instant query as rules need it: a vector, where a scalar is one sample without labels.
   *
   * @throws Error with what the server says
   */
  async instant(expr: string, atMs: number, signal?: AbortSignal): Promise<readonly VectorSample[]> {
    const body = new URLSearchParams({ query: expr, time: String(atMs / 1000) })
    const response = await this.ask('query', body, signal)
    const answer = (await response.json().catch(() => undefined)) as InstantAnswer | undefined
    if (answer?.status !== 'success') {
      throw new Error(`the metrics backend answered ${response.status}: ${answer?.error ?? 'not as Prometheus does'}`)
    }
    const { resultType, result } = answer.data
    if (resultType === 'scalar') return [{ labels: Labels.empty, value: numberOf(result as [number, string]) }]
    if (resultType !== 'vector') throw new Error('rule result is not a vector or scalar')
    return (result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
      labels: Labels.of(metric),
      value: numberOf(value),
    }))
  }

  /**
   * Asks one address of Prometheus' API, by POST where it takes that, and gives the answer as it comes.
   *
   * @param path behind `/api/v1/`
   */
  async ask(path: string, parameters: URLSearchParams, signal?: AbortSignal): Promise<Response> {
    const { url, timeoutMs } = this.#config
    refuseLiteral(url.hostname, this.#policy())
    const target = new URL(`${url.href.replace(/\/$/, '')}/api/v1/${path}`)
    const takesPost = /^(?:query|query_range|series|labels|query_exemplars)$/.test(path)
    if (!takesPost) target.search = parameters.toString()
    const limit = AbortSignal.timeout(timeoutMs)
    try {
      return await fetch(target, {
        method: takesPost ? 'POST' : 'GET',
        headers: await this.#headers(),
        ...(takesPost ? { body: parameters } : {}),
        redirect: 'error',
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      })
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { message?: string; code?: string } }
      throw new Error(`the metrics backend ${url.host} can't be asked: ${cause?.code ?? cause?.message ?? message}`, {
        cause: error,
      })
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { headers, credentials } = this.#config
    const authorization = await authorizationOf(credentials, (file) => readFile(resolve(this.#baseFolder, file)))
    return {
      ...headers,
      'user-agent': `midwatch/${version}`,
      ...(authorization === undefined ? {} : { authorization }),
    }
  }
}

interface InstantAnswer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly resultType: string; readonly result: unknown }
}

function numberOf([, text]: readonly [number, string]): number {
  return parseFloatText(text) ?? Number.NaN
}
