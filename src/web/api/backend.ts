import type { Context, Next } from 'hono'
import { requireScope, type WebEnv } from '../auth.ts'
import type { Api } from '../registry.ts'

const BY_BOTH = ['query', 'query_range', 'query_exemplars', 'series', 'labels'] as const
const BY_GET = ['label/:name/values', 'metadata'] as const

/** Where another server answers for midwatch's own store, its answers are passed on as they are; it comes first in the list. */
export const backendApi: Api = (web, context) => {
  const read = requireScope(context, 'read')
  const pass = async (c: Context<WebEnv>, next: Next) => {
    const backend = context.backend()
    if (backend === undefined) return next()
    const path = c.req.path.slice('/api/v1/'.length)
    const parameters = new URL(c.req.url).searchParams
    if (c.req.method === 'POST') {
      for (const [name, value] of new URLSearchParams(await c.req.text())) parameters.append(name, value)
    }
    try {
      const { status, headers, body } = await backend.ask(path, parameters, c.req.raw.signal)
      const type = headers.get('content-type') ?? 'application/json'
      return new Response(body, { status, headers: { 'content-type': type, 'cache-control': 'no-store' } })
    } catch (error) {
      const answer = { status: 'error', errorType: 'unavailable', error: (error as Error).message }
      return c.json(answer, 503, { 'retry-after': '5' })
    }
  }
  for (const address of BY_BOTH) web.on(['GET', 'POST'], `/api/v1/${address}`, read, pass)
  for (const address of BY_GET) web.get(`/api/v1/${address}`, read, pass)
}
