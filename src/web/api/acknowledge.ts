import type { Context } from 'hono'
import { z } from 'zod'
import type { Acknowledgement } from '../../model/acknowledgement.ts'
import { parseDuration } from '../../model/duration.ts'
import { AcknowledgementError } from '../../notify/acknowledgements.ts'
import { type Caller, identify, refuseOtherSites, requireScope, type WebEnv } from '../auth.ts'
import { parseJson, readText } from '../body.ts'
import type { WebContext } from '../context.ts'
import { AckPage } from '../page/acknowledge.tsx'
import { ownPath } from '../page/login.tsx'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { pageContext, sendPage } from '../site.ts'
import { validate } from '../validate.ts'
import { ackAlertsOf } from '../view/acknowledge.ts'

const LIMITS = { bytes: 16 * 1024, expandedBytes: 16 * 1024 }
const MAX_MS = 30 * 86_400_000

const by = z
  .string({ error: 'is not a name; say who takes it on' })
  .trim()
  .min(1, { error: 'is empty; say who takes it on' })
  .max(100, { error: 'is longer than 100 characters' })
const request = z.strictObject({
  by: by.optional(),
  reason: z
    .string({ error: 'is not a text' })
    .trim()
    .max(1000, { error: 'is longer than 1000 characters' })
    .default(''),
  for: z
    .string({ error: 'is not a duration; write one such as 2h' })
    .default('2h')
    .transform((text, context) => {
      const ms = parseDuration(text)
      if (ms !== undefined && ms > 0 && ms <= MAX_MS) return ms
      context.addIssue({ code: 'custom', message: 'is no duration of up to 30d; write one such as 2h', input: text })
      return z.NEVER
    }),
})

/** Taking alerts on and giving them back: by token, on a page, or by the signed link in a message. */
export const acknowledgeApi: Api = (web, context) => {
  const admin = requireScope(context, 'admin')
  const who = identify(context)

  web.post('/api/v1/alerts/:fingerprint/ack', admin, async (c) => {
    const text = await readText(c, LIMITS)
    const asked = validate(request, text.trim() === '' ? {} : parseJson(text))
    const made = await acknowledge(c, context, [c.req.param('fingerprint')], asked, c.get('caller'))
    return c.json(made.map(acknowledgementJson)[0])
  })
  web.delete('/api/v1/alerts/:fingerprint/ack', admin, async (c) => {
    await takeBack(c, context, c.req.param('fingerprint'))
    return c.body(null, 204)
  })

  web.post('/alerts/:fingerprint/ack', admin, async (c) => {
    const { next, ...fields } = await readForm(c)
    await acknowledge(c, context, [c.req.param('fingerprint')], validate(request, fields), c.get('caller'))
    return c.redirect(ownPath(next ?? '/'), 303)
  })
  web.post('/alerts/:fingerprint/unack', admin, async (c) => {
    const { next } = await readForm(c)
    await takeBack(c, context, c.req.param('fingerprint'))
    return c.redirect(ownPath(next ?? '/'), 303)
  })

  const linkPage = (c: Context<WebEnv>, token: string, given: { by?: string; problem?: string; status?: 422 } = {}) => {
    const alerts = ackAlertsOf(context, token)
    const caller = who(c)
    const { by: name = caller?.isSession === true ? caller.name : '', problem, status } = given
    // Whoever comes by a link may see nothing else.
    const page = { ...pageContext(c, context), navigation: [] }
    const view = { action: `/ack/${token}`, alerts: alerts.map(({ view: one }) => one), by: name, problem }
    return sendPage(c, AckPage({ page, view }), status ?? (alerts.length === 0 ? 410 : 200))
  }
  // Programs that look at mails for people open every link in them: opening it changes nothing.
  web.get('/ack/:token', (c) => linkPage(c, c.req.param('token')))
  web.post('/ack/:token', async (c) => {
    refuseOtherSites(context, c)
    const token = c.req.param('token')
    const alerts = ackAlertsOf(context, token)
    if (alerts.length === 0) return linkPage(c, token)
    const parsed = request.required({ by: true }).safeParse(await readForm(c))
    if (!parsed.success) {
      const problem = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')
      return linkPage(c, token, { problem: `${problem}.`, status: 422 })
    }
    const caller = who(c)
    const fingerprints = alerts.map(({ fingerprint }) => fingerprint)
    await acknowledge(c, context, fingerprints, parsed.data, caller?.isSession === true ? caller : undefined)
    return c.redirect(`/ack/${token}`, 303)
  })
}

/** @param caller undefined for who came by a link */
async function acknowledge(
  c: Context<WebEnv>,
  context: WebContext,
  fingerprints: readonly string[],
  asked: z.output<typeof request>,
  caller: Caller | undefined,
): Promise<readonly Acknowledgement[]> {
  const name = asked.by ?? caller?.name ?? ''
  const doer = { actor: caller?.name ?? `${name} (by the link of a message)`, traceId: c.get('traceId') }
  return known(() => context.acknowledge(fingerprints, { by: name, reason: asked.reason, forMs: asked.for }, doer))
}

async function takeBack(c: Context<WebEnv>, context: WebContext, fingerprint: string): Promise<void> {
  const doer = { actor: c.get('caller').name, traceId: c.get('traceId') }
  await known(() => context.takeBack(fingerprint, doer))
}

async function known<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AcknowledgementError) throw new HttpProblem(404, 'Nothing to acknowledge', error.message)
    throw error
  }
}

async function readForm(c: Context<WebEnv>): Promise<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(await readText(c, LIMITS)))
}

function acknowledgementJson({ fingerprint, by: name, reason, atMs, endsAtMs }: Acknowledgement) {
  const [at, until] = [atMs, endsAtMs].map((ms) => new Date(ms).toISOString())
  return { fingerprint, by: name, reason, at, until }
}
