import type { Context } from 'hono'
import { callerOfToken, identify, mayRead, needsToken, refuseOtherSites, sessionCookie, type WebEnv } from '../auth.ts'
import { readText } from '../body.ts'
import { FailedLogins } from '../failed-logins.ts'
import { LoginPage, ownPath } from '../page/login.tsx'
import type { Api } from '../registry.ts'
import { clientAddress, isEncrypted } from '../remote.ts'
import { pageContext, sendPage } from '../site.ts'

const FORM_LIMITS = { bytes: 16 * 1024, expandedBytes: 16 * 1024 }

/** Signing in with a token for the pages, and out again. */
export const loginApi: Api = (web, context) => {
  const who = identify(context)
  const byToken = callerOfToken(context)
  const failures = new FailedLogins()
  const cookie = (c: Context<WebEnv>, token: string | undefined) =>
    sessionCookie(token, isEncrypted(c, context.config().server))
  const form = (
    c: Context<WebEnv>,
    next: string,
    answer?: { readonly status: 401 | 403 | 429; readonly problem: string; readonly retryAfterSeconds?: number },
  ) => {
    // Whoever is not in yet has nowhere else to go.
    const page = { ...pageContext(c, context), navigation: [], signedIn: false }
    const view = { next, problem: answer?.problem }
    const { retryAfterSeconds } = answer ?? {}
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
    return sendPage(c, LoginPage({ page, view }), answer?.status ?? 200, headers)
  }

  web.get('/login', (c) => {
    const next = c.req.query('next') ?? '/'
    const caller = who(c)
    const isIn = !needsToken(context) || (caller !== undefined && mayRead(caller))
    return isIn ? c.redirect(ownPath(next), 303) : form(c, next)
  })

  web.post('/login', async (c) => {
    refuseOtherSites(context, c)
    const fields = new URLSearchParams(await readText(c, FORM_LIMITS))
    const next = fields.get('next') ?? '/'
    const address = clientAddress(c, context.config().server)
    const nowMs = context.clock.now()
    const retryAfterSeconds = failures.waitSeconds(address, nowMs)
    if (retryAfterSeconds !== undefined) {
      const problem = `Too many tries with wrong tokens. Try again in ${retryAfterSeconds} s.`
      return form(c, next, { status: 429, problem, retryAfterSeconds })
    }
    const token = (fields.get('token') ?? '').trim()
    const caller = token === '' ? undefined : byToken(token)
    if (caller === undefined) {
      failures.note(address, nowMs)
      context.log.warn({ event: 'login.failed', address }, 'somebody tried to sign in with a token that is not known')
      return form(c, next, { status: 401, problem: 'This token is not known, or it was revoked.' })
    }
    if (!mayRead(caller)) {
      const problem = `The token “${caller.name}” has no scope read. Pages need one that has.`
      return form(c, next, { status: 403, problem })
    }
    c.header('set-cookie', cookie(c, token))
    c.header('cache-control', 'no-store')
    return c.redirect(ownPath(next), 303)
  })

  web.post('/logout', (c) => {
    refuseOtherSites(context, c)
    c.header('set-cookie', cookie(c, undefined))
    c.header('cache-control', 'no-store')
    return c.redirect('/', 303)
  })
}
