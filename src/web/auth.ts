import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import type { Scope } from '../config/config.ts'
import { findToken, tokenHash, touchToken } from '../store/tokens.ts'
import type { WebContext } from './context.ts'
import { HttpProblem } from './problem.ts'

/** Who asks. */
export interface Caller {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Told apart by a cookie rather than a header: pages, which need protection from other sites. */
  readonly isSession: boolean
}

export type WebEnv = { Variables: { caller: Caller; traceId: string; route: string } }

const SESSION_COOKIE = 'midwatch_session'
const SESSION = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([^;\\s]+)`)
const BEARER = /^Bearer\s+(\S+)\s*$/i

/** Where no token is needed, everybody who reaches the address may do everything. */
const LOCAL: Caller = { name: 'local', scopes: ['admin'], isSession: false }

const TOUCH_EVERY_MS = 60_000

/** Whether midwatch can be reached from elsewhere, so that a token is needed. */
export function needsToken(context: WebContext): boolean {
  const { listen, externalUrl, trustedProxies } = context.config().server
  return !isLoopback(listen.host) || externalUrl !== undefined || trustedProxies.texts.length > 0
}

export function isLoopback(host: string | undefined): boolean {
  // An address, not a name that only begins like one.
  return host === 'localhost' || host === '::1' || (host?.startsWith('127.') === true && isIP(host) === 4)
}

/** Finds out who asks; nothing is refused yet. */
export function identify(context: WebContext): (c: Context<WebEnv>) => Caller | undefined {
  const byToken = callerOfToken(context)
  return (c) => {
    const given = tokenOf(c)
    if (given === undefined) return needsToken(context) ? undefined : LOCAL
    const caller = byToken(given.text)
    return caller === undefined ? undefined : { ...caller, isSession: given.isSession }
  }
}

/** Finds out whose token a text is. */
export function callerOfToken(context: WebContext): (text: string) => Caller | undefined {
  const touchedMs = new Map<string, number>()
  return (text) => {
    const hash = tokenHash(text)
    if (timingSafeEqual(hash, tokenHash(context.localToken))) return LOCAL
    for (const { name, token, scopes } of context.config().server.tokens) {
      if (timingSafeEqual(hash, tokenHash(token.reveal()))) return { name, scopes, isSession: false }
    }
    const stored = findToken(context.store.reader, hash)
    if (stored === undefined) return undefined
    const nowMs = context.clock.now()
    if (nowMs - (touchedMs.get(stored.id) ?? 0) > TOUCH_EVERY_MS) {
      touchedMs.set(stored.id, nowMs)
      context.store.writer.run(touchToken, { id: stored.id, nowMs }).catch(() => {})
    }
    return { name: stored.name, scopes: stored.scopes, isSession: false }
  }
}

/** Lets a request through only with a token of this scope. */
export function requireScope(context: WebContext, scope: Scope): MiddlewareHandler<WebEnv> {
  const who = identify(context)
  return async (c, next) => {
    const caller = who(c)
    if (caller === undefined) {
      c.header('www-authenticate', 'Bearer realm="midwatch"')
      throw new HttpProblem(
        401,
        'A token is needed',
        'send it as "Authorization: Bearer <token>"; see midwatch token create',
      )
    }
    if (!caller.scopes.includes(scope) && !caller.scopes.includes('admin')) {
      throw new HttpProblem(403, 'Not allowed', `the token "${caller.name}" has no ${scope} scope`)
    }
    if (!bringsToken(c)) refuseOtherSites(context, c)
    c.set('caller', caller)
    await next()
  }
}

/** Lets readers of pages through; who has to sign in first is sent there, and comes back after it. */
export function requireReader(context: WebContext): MiddlewareHandler<WebEnv> {
  const who = identify(context)
  return async (c, next) => {
    // Where no token is needed, a cookie of another midwatch on this machine keeps nobody out.
    const caller = needsToken(context) ? who(c) : LOCAL
    if (caller === undefined) {
      const { pathname, search } = new URL(c.req.url)
      c.header('cache-control', 'no-store')
      return c.redirect(`/login?next=${encodeURIComponent(`${pathname}${search}`)}`, 303)
    }
    if (!mayRead(caller)) {
      throw new HttpProblem(403, 'Not allowed', `the token "${caller.name}" has no read scope`)
    }
    c.set('caller', caller)
    return next()
  }
}

export function mayRead({ scopes }: Caller): boolean {
  return scopes.includes('read') || scopes.includes('admin')
}

/**
 * A change that a browser sends must come from our own pages, whoever's cookie it carries.
 *
 * @throws HttpProblem 403 when it comes from elsewhere
 */
export function refuseOtherSites(context: WebContext, c: Context<WebEnv>): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD' || !isFromOtherSite(context, c)) return
  throw new HttpProblem(403, 'Not from here', 'a change has to come from a page of midwatch itself')
}

/** Whether a browser says that a page of another site makes it ask. Programs say nothing of the kind. */
export function isFromOtherSite(context: WebContext, c: Context<WebEnv>): boolean {
  const site = c.req.header('sec-fetch-site')
  return (
    (site !== undefined && site !== 'same-origin' && site !== 'none') || isOther(c.req.header('origin'), c, context)
  )
}

function isOther(origin: string | undefined, c: Context<WebEnv>, context: WebContext): boolean {
  if (origin === undefined) return false
  if (!URL.canParse(origin)) return true
  const { externalUrl } = context.config().server
  // A proxy may call us by another name than readers do.
  if (externalUrl !== undefined && new URL(externalUrl).origin === new URL(origin).origin) return false
  return new URL(origin).host !== (c.req.header('host') ?? new URL(c.req.url).host)
}

/**
 * Whether the token is in a header that a page of another site can't make a browser send. Cookies and Basic credentials go
 * along by themselves, and where no token is needed there is nothing to know.
 */
function bringsToken(c: Context): boolean {
  return BEARER.test(c.req.header('authorization') ?? '') || c.req.header('x-api-key') !== undefined
}

function tokenOf(c: Context): { readonly text: string; readonly isSession: boolean } | undefined {
  const header = c.req.header('authorization')
  const bearer = BEARER.exec(header ?? '')?.[1]
  if (bearer !== undefined) return { text: bearer, isSession: false }
  const basic = /^Basic\s+(\S+)\s*$/i.exec(header ?? '')?.[1]
  if (basic !== undefined) {
    const password = Buffer.from(basic, 'base64').toString('utf8').split(':').slice(1).join(':')
    return { text: password, isSession: false }
  }
  const key = c.req.header('x-api-key')
  if (key !== undefined) return { text: key, isSession: false }
  const cookie = SESSION.exec(c.req.header('cookie') ?? '')?.[1]
  return cookie === undefined ? undefined : { text: readCookie(cookie), isSession: true }
}

/** Tokens that people make up may hold what a cookie can't. */
function readCookie(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A cookie that signs its browser in with a token, until the browser ends; without a token, one that signs it out. */
export function sessionCookie(token: string | undefined, isSecure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return token === undefined
    ? `${SESSION_COOKIE}=; Max-Age=0; ${attributes}`
    : `${SESSION_COOKIE}=${encodeURIComponent(token)}; ${attributes}`
}
