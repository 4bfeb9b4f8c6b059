import type { Context } from 'hono'
import { type PingAddress, readPingAddress, readRunId } from '../../ingest/ping-address.ts'
import { redactText } from '../../lib/redact.ts'
import { addPing } from '../../store/heartbeats.ts'
import { StorageError } from '../../store/operation.ts'
import { callerOfToken, identify, isFromOtherSite, type WebEnv } from '../auth.ts'
import type { WebContext } from '../context.ts'
import type { Api } from '../registry.ts'

const BODY_LIMIT = 100_000
/** What is read of a longer body and thrown away, so that the sender gets its answer. */
const DRAIN_LIMIT = 10 * 1024 * 1024
const LONGEST_SOURCE = 200

/** An answer in Healthchecks' words: plain text, no JSON. */
class PingRefusal extends Error {
  override readonly name = 'PingRefusal'
  readonly status: 400 | 401 | 403 | 404

  constructor(status: 400 | 401 | 403 | 404, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Heartbeats under Healthchecks' addresses: `/ping/<name>`, with `/start`, `/fail`, `/log` or an exit code behind it, and
 * with a token in front for what can't send a header. A token in an address may get into logs of others, so only one that
 * can do nothing but send is taken there.
 */
export const pingApi: Api = (web, context) => {
  const who = identify(context)
  const byToken = callerOfToken(context)

  web.on(['GET', 'POST'], '/ping/*', async (c) => {
    try {
      await take(c)
      return answer(c, 200, 'OK')
    } catch (error) {
      if (error instanceof PingRefusal) {
        if (error.status === 401) c.header('www-authenticate', 'Bearer realm="midwatch"')
        return answer(c, error.status, error.message)
      }
      if (error instanceof StorageError) {
        c.header('retry-after', '2')
        return answer(c, 503, 'not stored, send it again')
      }
      // Not through the common handler: it would log the address, which may hold a token.
      context.log.error({ event: 'ping.failed', trace_id: c.get('traceId'), err: error }, 'a ping could not be taken')
      return answer(c, 500, 'midwatch itself failed')
    }
  })

  async function take(c: Context<WebEnv>): Promise<void> {
    if (isFromOtherSite(context, c)) {
      throw new PingRefusal(403, 'pings come from programs, not from pages of other sites')
    }
    const address = allowed(c, readPingAddress(partsOf(c.req.url)))
    const rid = c.req.query('rid')
    const runId = rid === undefined ? undefined : readRunId(rid)
    if (rid !== undefined && runId === undefined) throw new PingRefusal(400, 'invalid uuid format')
    const body = await readBody(c)
    const { name, kind, exitCode } = address
    const { heartbeats, store, clock } = context
    const said = { name, atMs: clock.now(), kind, runId, exitCode, source: sourceOf(c), body }
    const ping = { ...said, durationMs: heartbeats.runDurationMs(said) }
    await store.writer.run(addPing, ping)
    heartbeats.note(ping)
    context.onPing(name)
  }

  /** The first meaning of the address that the caller may use and that names a heartbeat. */
  function allowed(c: Context<WebEnv>, meanings: readonly PingAddress[]): PingAddress {
    if (meanings.length === 0) throw new PingRefusal(400, 'invalid url format')
    let isAnonymous = false
    let isForbidden = false
    for (const meaning of meanings) {
      const caller = meaning.token === undefined ? who(c) : byToken(meaning.token)
      if (caller === undefined) {
        isAnonymous ||= meaning.token === undefined
        continue
      }
      const { scopes } = caller
      if (meaning.token !== undefined && scopes.some((scope) => scope !== 'ingest')) {
        throw new PingRefusal(403, 'a token in an address must have the ingest scope and no other')
      }
      if (!scopes.includes('ingest') && !scopes.includes('admin')) {
        isForbidden = true
        continue
      }
      if (isHeartbeat(context, meaning.name)) return meaning
    }
    if (isForbidden) throw new PingRefusal(403, 'the token has no ingest scope')
    if (isAnonymous) throw new PingRefusal(401, 'a token is needed')
    throw new PingRefusal(404, 'not found')
  }
}

function isHeartbeat({ config }: WebContext, name: string): boolean {
  return config().checks.some((check) => check.kind === 'heartbeat' && check.name === name)
}

/** Parts of the path behind `/ping/`, decoded one by one. */
function partsOf(url: string): readonly string[] {
  try {
    return new URL(url).pathname.slice('/ping/'.length).replace(/\/$/, '').split('/').map(decodeURIComponent)
  } catch {
    return []
  }
}

/** What the job had to say, cut where it gets too long: a ping counts whatever comes with it. */
async function readBody(c: Context<WebEnv>): Promise<string | undefined> {
  const stream = c.req.raw.body
  if (stream === null) return undefined
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of stream as ReadableStream<Uint8Array>) {
      if (bytes < BODY_LIMIT) parts.push(part.subarray(0, BODY_LIMIT - bytes))
      bytes += part.length
      if (bytes > DRAIN_LIMIT) break
    }
  } catch {
    // Somebody who hangs up in the middle of the body has pinged all the same.
  }
  if (bytes === 0) return undefined
  if (c.req.header('content-encoding') !== undefined) return `(${bytes} packed bytes, not kept)`
  return redactText(Buffer.concat(parts).toString('utf8'), BODY_LIMIT)
}

function sourceOf(c: Context<WebEnv>): string | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  const parts = [incoming?.socket?.remoteAddress, c.req.header('user-agent')].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : redactText(parts.join(' ').slice(0, LONGEST_SOURCE))
}

function answer(c: Context<WebEnv>, status: 200 | 400 | 401 | 403 | 404 | 500 | 503, text: string): Response {
  return c.text(text, status, { 'ping-body-limit': String(BODY_LIMIT), 'cache-control': 'no-store' })
}
