import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { formatTraceparent, newTraceId, parseTraceparent } from '../model/trace-context.ts'
import { StorageError } from '../store/operation.ts'
import { needsToken, type WebEnv } from './auth.ts'
import { compress } from './compress.ts'
import type { WebContext } from './context.ts'
import { failureResponse } from './failure.ts'
import { HttpProblem } from './problem.ts'
import { apis } from './registry.ts'

/** How long a request may take to arrive, milliseconds; whoever is slower is answered 408 and cut off. */
export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  /** How often it is looked at. */
  readonly everyMs: number
}

const PATIENCE: Patience = { headersMs: 15_000, requestMs: 60_000, everyMs: 5000 }

/** All addresses as one application; `request()` on it answers without a network. */
export function createWeb(context: WebContext): Hono<WebEnv> {
  const web = new Hono<WebEnv>()
  web.use(async (c, next) => {
    // An inbound traceparent is continued; otherwise the journey starts here.
    const traceId = parseTraceparent(c.req.header('traceparent'))?.traceId ?? newTraceId()
    c.set('traceId', traceId)
    const startMs = performance.now()
    await next()
    const seconds = (performance.now() - startMs) / 1000
    context.metrics.httpSeconds.observe({ method: c.req.method, route: c.req.routePath, status: c.res.status }, seconds)
    // Not by c.header(): after an answer is made, that one copies it whole.
    const { headers } = c.res
    headers.set('x-content-type-options', 'nosniff')
    if (!headers.has('traceparent')) headers.set('traceparent', formatTraceparent(traceId))
  })
  web.use(async (c, next) => {
    if (!needsToken(context)) {
      checkHost(c.req.header('host'))
      refuseProxy((name) => c.req.header(name))
    }
    await next()
  })
  web.use(compress())
  for (const api of apis) api(web, context)
  web.notFound((c) => {
    const allowed = methodsAt(web, c.req.path)
    const { pathname } = new URL(c.req.url)
    if (allowed.length === 0) {
      const problem = new HttpProblem(404, 'Not found', `there is nothing at ${pathname}`)
      return failureResponse(c, context, problem, c.get('traceId'))
    }
    c.header('allow', allowed.join(', '))
    const detail = `${c.req.method} is not taken at ${pathname}; ${allowed.join(' and ')} is`
    return failureResponse(c, context, new HttpProblem(405, 'Method not allowed', detail), c.get('traceId'))
  })
  web.onError((error, c) => {
    const traceId = c.get('traceId') ?? newTraceId()
    if (error instanceof HttpProblem) return failureResponse(c, context, error, traceId)
    if (error instanceof StorageError) {
      const problem = new HttpProblem(503, 'Not stored', 'the data could not be written to disk; send it again', {
        retryAfterSeconds: 2,
      })
      return failureResponse(c, context, problem, traceId)
    }
    context.log.error({ event: 'http.failed', trace_id: traceId, path: c.req.path, err: error }, 'a request failed')
    const detail = 'midwatch itself failed; its log has the details under the trace id'
    return failureResponse(c, context, new HttpProblem(500, 'Internal error', detail), traceId)
  })
  return web
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH']

/** What an address takes; HEAD is answered wherever GET is. */
function methodsAt(web: Hono<WebEnv>, path: string): string[] {
  const isAnswered = (method: string) =>
    web.router.match(method === 'HEAD' ? 'GET' : method, path)[0].some(([[, route]]) => route.path !== '/*')
  return METHODS.filter(isAnswered)
}

/**
 * Refuses host names that are not ours: a page on another site could otherwise point its own name at this machine and read
 * what only local programs may (DNS rebinding). An IP address can't be rebound. With a token in force another site can't
 * pretend to be anybody, and names of containers change.
 */
function checkHost(host: string | undefined): void {
  if (host === undefined) return
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return
  throw new HttpProblem(
    421,
    'Unknown host name',
    `this midwatch is not known as "${name}"; call it by its address, or set server.external_url`,
  )
}

const OF_PROXIES = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via']

/** Where nobody needs a token, a proxy would give away to everybody what only this machine may do. */
function refuseProxy(header: (name: string) => string | undefined): void {
  const sign = OF_PROXIES.find((name) => header(name) !== undefined)
  if (sign === undefined) return
  const detail = `this request came through a proxy (it has ${sign}), and nobody needs a token here; set server.external_url or server.trusted_proxies, and those who come need one`
  throw new HttpProblem(403, 'Unknown proxy', detail)
}

export interface Listening {
  /** Where this machine reaches it. */
  readonly url: string
  readonly port: number
  /** Stops taking connections, lets answers under way finish, ends idle ones at once. */
  close(): Promise<void>
}

/** Listens; rejects when the address can't be had. */
export function listen(
  web: Hono<WebEnv>,
  host: string | undefined,
  port: number,
  { headersMs, requestMs, everyMs }: Patience = PATIENCE,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: web.fetch,
        port,
        ...(host === undefined ? {} : { hostname: host }),
        serverOptions: {
          headersTimeout: headersMs,
          requestTimeout: requestMs,
          connectionsCheckingInterval: everyMs,
        },
      },
      (info: AddressInfo) => {
        const reachable = host === undefined || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
        resolve({
          url: `http://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${info.port}`,
          port: info.port,
          close: () =>
            new Promise((done) => {
              server.close(() => done())
              if ('closeIdleConnections' in server) server.closeIdleConnections()
            }),
        })
      },
    )
    server.on('error', reject)
  })
}
