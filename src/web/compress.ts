import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { WebEnv } from './auth.ts'
import { acceptsGzip } from './send-text.ts'

const pack = promisify(gzip)
const MIN_BYTES = 1024
const TEXTS = /^(?:text\/(?:html|css)|application\/(?:problem\+)?json|image\/svg\+xml)(?:;|$)/

/**
 * Packs pages, their assets and JSON that somebody asked for, when that is worth it. What has packed itself already stays as
 * it is, and so do answers to pushes, which are short and many.
 */
export function compress(): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    await next()
    if (c.req.method !== 'GET') return
    const { headers } = c.res
    if (headers.has('content-encoding') || !TEXTS.test(headers.get('content-type') ?? '')) return
    if (!/accept-encoding/i.test(headers.get('vary') ?? '')) headers.append('vary', 'Accept-Encoding')
    if (c.res.body === null || !acceptsGzip(c.req.header('accept-encoding'))) return
    const { status } = c.res
    const body = new Uint8Array(await c.res.arrayBuffer())
    const isLong = body.length >= MIN_BYTES
    const sent = isLong ? new Uint8Array(await pack(body)) : body
    const sentHeaders = new Headers(headers)
    sentHeaders.delete('content-length')
    if (isLong) sentHeaders.set('content-encoding', 'gzip')
    // Set apart first: Hono would put the old answer's headers over the new one's.
    c.res = undefined
    c.res = new Response(sent, { status, headers: sentHeaders })
  }
}
