import { z } from 'zod'
import { SCOPES } from '../../config/config.ts'
import { describeConfig } from '../../config/describe.ts'
import { formatProblem } from '../../model/problem.ts'
import { createToken, listTokens, newToken, revokeToken } from '../../store/tokens.ts'
import { requireScope } from '../auth.ts'
import { readJson } from '../body.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { validate } from '../validate.ts'
import { channelReports } from '../view/channels.ts'

const tokenRequest = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, { error: 'is not a name; write letters, digits, dots and dashes' }),
  scopes: z.array(z.enum(SCOPES)).min(1).default(['read']),
})

/** Reload, the effective config, tokens and test messages: what an operator does. */
export const adminApi: Api = (web, context) => {
  const admin = requireScope(context, 'admin')
  const { audit, store, clock } = context

  web.post('/-/reload', admin, async (c) => {
    const report = await context.reload(c.get('caller').name, c.get('traceId'))
    if (report.ok) return c.json({ reloaded: true, warnings: report.problems.map(formatProblem) })
    throw new HttpProblem(422, 'Config not taken over', 'the config has errors; the one before it stays in use', {
      errors: report.problems.map((problem) => ({ field: problem.field ?? '', message: formatProblem(problem) })),
    })
  })
  web.get('/-/healthy', (c) => c.text('midwatch is healthy.\n'))
  web.get('/-/ready', (c) =>
    context.isStarted() ? c.text('midwatch is ready.\n') : c.text('midwatch is starting.\n', 503),
  )

  web.get('/api/v1/status/config', admin, (c) => c.json(describeConfig(context.config())))

  web.get('/api/v1/tokens', admin, (c) => {
    const items = listTokens(store.reader).map(({ id, name, scopes, createdMs, lastUsedMs }) => ({
      id,
      name,
      scopes,
      created: new Date(createdMs).toISOString(),
      last_used: lastUsedMs === undefined ? null : new Date(lastUsedMs).toISOString(),
    }))
    return c.json({ items, page: 1, page_size: items.length, total: items.length })
  })
  web.post('/api/v1/tokens', admin, async (c) => {
    const { name, scopes } = validate(tokenRequest, await readJson(c))
    if (listTokens(store.reader).some((token) => token.name === name)) {
      throw new HttpProblem(
        409,
        'Name in use',
        `there is a token "${name}" already; revoke it first or choose another name`,
      )
    }
    const { id, text, hash } = newToken()
    await store.writer.run(createToken, { id, name, hash, scopes, nowMs: clock.now() })
    await audit.record([
      {
        traceId: c.get('traceId'),
        event: 'token.created',
        actor: c.get('caller').name,
        action: 'create',
        resource: `token/${name}`,
        attributes: { scopes },
      },
    ])
    return c.json({ id, name, scopes, token: text }, 201, { 'cache-control': 'no-store' })
  })
  web.delete('/api/v1/tokens/:id', admin, async (c) => {
    const idOrName = c.req.param('id')
    const revoked = await store.writer.run(revokeToken, { idOrName, nowMs: clock.now() })
    if (!revoked) throw new HttpProblem(404, 'No such token', `there is no token "${idOrName}"`)
    await audit.record([
      {
        traceId: c.get('traceId'),
        event: 'token.revoked',
        actor: c.get('caller').name,
        action: 'delete',
        resource: `token/${idOrName}`,
      },
    ])
    return c.body(null, 204)
  })

  web.get('/api/v1/channels', requireScope(context, 'read'), (c) => {
    const items = channelReports(context).map(([name, report]) => ({ name, ...report }))
    return c.json({ items, page: 1, page_size: items.length, total: items.length })
  })
  web.post('/api/v1/channels/:name/test', admin, async (c) => {
    const name = c.req.param('name')
    const result = await context.testChannel(name)
    if (result.kind === 'unknown') {
      const known = result.known.length === 0 ? 'none is configured' : `configured are ${result.known.join(', ')}`
      throw new HttpProblem(404, 'No such channel', `there is no channel "${name}"; ${known}`)
    }
    await audit.record([
      {
        traceId: c.get('traceId'),
        event: 'channel.tested',
        actor: c.get('caller').name,
        action: 'test',
        resource: `channel/${name}`,
        outcome: result.kind === 'delivered' ? 'success' : 'failure',
        attributes: result,
      },
    ])
    if (result.kind === 'failed')
      throw new HttpProblem(502, 'Not delivered', `${name} (${result.target}): ${result.error}`)
    return c.json({ delivered: true, channel: name, target: result.target, took_ms: Math.round(result.tookMs) })
  })
}
