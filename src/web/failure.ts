import type { Context } from 'hono'
import type { WebEnv } from './auth.ts'
import type { WebContext } from './context.ts'
import { FailurePage } from './page/failure.tsx'
import { type HttpProblem, problemResponse } from './problem.ts'
import { pageContext, sendPage } from './site.ts'

/** Addresses that programs call: whoever opens one in a browser wants to see what the program gets. */
const API = /^\/(?:api|-|v1|loki|ping|metrics|federate|health|config|prometheus|assets|openapi\.json)(?:\/|$)/

/** What pings is told in Healthchecks' way, in plain words. */
const PING = /^\/ping(?:\/|$)/

/** Says what went wrong: in the layout of all pages to whoever reads pages, as problem JSON to everybody else. */
export function failureResponse(
  c: Context<WebEnv>,
  context: WebContext,
  problem: HttpProblem,
  traceId: string,
): Response {
  if (PING.test(c.req.path)) return c.text(problem.message, problem.status, { 'cache-control': 'no-store' })
  if (API.test(c.req.path) || !prefersHtml(c.req.header('accept'))) return problemResponse(c, problem, traceId)
  const { status, message, retryAfterSeconds } = problem
  const page = pageContext(c, context)
  // Only of a failure of our own there is something in the log.
  const view = { status, detail: message, traceId: status >= 500 ? traceId : undefined }
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return sendPage(c, FailurePage({ page, view }), status, headers)
}

/** Browsers name `text/html`, and before JSON; programs name JSON or anything at all. */
function prefersHtml(accept: string | undefined): boolean {
  const quality = new Map<string, number>()
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim())
    const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    quality.set(type, given === undefined ? 1 : Number(given))
  }
  const html = quality.get('text/html') ?? 0
  return (
    html > 0 && html >= Math.max(quality.get('application/json') ?? 0, quality.get('application/problem+json') ?? 0)
  )
}
