import { hostname } from 'node:os'
import type { MiddlewareHandler } from 'hono'
import { exposedFamilies } from '../../export/document/exposed.ts'
import { exposition } from '../../export/document/exposition.ts'
import { federatedFamilies } from '../../export/document/federation.ts'
import { metricsJson } from '../../export/document/metrics-json.ts'
import type { Matcher } from '../../model/matcher.ts'
import { PromqlError } from '../../promql/index.ts'
import {
  type ExpositionStyle,
  expositionContentType,
  negotiateExposition,
  writeExposition,
} from '../../wire/exposition-media.ts'
import { requireScope, type WebEnv } from '../auth.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { parseSelector } from '../selector.ts'
import { sendText } from '../send-text.ts'

const VARY = 'Accept, Accept-Encoding'

/** What other systems read: `/metrics` for what midwatch measures itself, `/federate` for everything in its store. */
export const metricsApi: Api = (web, context) => {
  web.get('/metrics', readersOf(context), async (c) => {
    const style = styleOf(c.req.query('format'), c.req.header('accept'))
    const selectors = selectorsOf(c.req.queries('match[]'))
    const nowMs = context.clock.now()
    const families = await exposedFamilies(await sourcesOf(context, nowMs), selectors)
    if (style === 'json') {
      const uptimeSeconds = Math.floor((nowMs - context.startedMs) / 1000)
      return sendText(c, metricsJson(families, { nowMs, uptimeSeconds }), 'application/json; charset=utf-8', VARY)
    }
    return sendText(c, exposition(families, style), expositionContentType(style), VARY)
  })

  web.get('/federate', requireScope(context, 'read'), async (c) => {
    let selectors: readonly (readonly Matcher[])[]
    try {
      selectors = (c.req.queries('match[]') ?? []).map(parseSelector)
    } catch (error) {
      if (error instanceof PromqlError) return c.text(`${error.message}\n`, 400)
      throw error
    }
    const families = await federatedFamilies(context.store.series, selectors, context.clock.now())
    // As Prometheus, which has no OpenMetrics here.
    const names = negotiateExposition(c.req.header('accept'))?.names ?? 'underscores'
    const style: ExpositionStyle = { format: 'text', names }
    return sendText(c, writeExposition(families, style), expositionContentType(style), VARY)
  })
}

/** Everybody where the config says so, otherwise whoever may read. */
function readersOf(context: WebContext): MiddlewareHandler<WebEnv> {
  const read = requireScope(context, 'read')
  return (c, next) => (context.config().server.public.includes('metrics') ? next() : read(c, next))
}

async function sourcesOf(context: WebContext, nowMs: number) {
  const { store, metrics, rules } = context
  context.refreshMetrics()
  const recorded = new Map<string, string>()
  for (const { group } of rules.groups) {
    for (const rule of group.rules) if (rule.kind === 'recording') recorded.set(rule.record, rule.expr.trim())
  }
  return {
    nowMs,
    series: store.series,
    pushed: store.pushed.rows(),
    own: await metrics.registry.getMetricsAsJSON(),
    checks: new Set(context.checks().map(({ name }) => name)),
    host: hostname(),
    recorded,
  }
}

function selectorsOf(texts: readonly string[] | undefined) {
  if (texts === undefined) return undefined
  return texts.map((text) => {
    try {
      return parseSelector(text)
    } catch (error) {
      if (!(error instanceof PromqlError)) throw error
      throw new HttpProblem(400, 'Malformed selector', `match[]=${text} is not a series selector`, {
        errors: [{ field: 'match[]', message: error.message }],
      })
    }
  })
}

const FORMATS: Readonly<Record<string, ExpositionStyle | 'json'>> = {
  json: 'json',
  prometheus: { format: 'text', names: 'underscores' },
  openmetrics: { format: 'openmetrics', names: 'underscores' },
}

/** `?format=` where there is one; otherwise what the Accept header likes best, and JSON where it names nothing we have. */
function styleOf(format: string | undefined, accept: string | undefined): ExpositionStyle | 'json' {
  if (format !== undefined) {
    const style = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
    if (style !== undefined) return style
    throw new HttpProblem(400, 'Unknown format', `format=${format} is not known`, {
      errors: [{ field: 'format', message: 'write json, prometheus or openmetrics' }],
    })
  }
  let best: ExpositionStyle | 'json' = 'json'
  let bestQuality = 0
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    const style = type === 'application/json' ? 'json' : negotiateExposition(part)
    const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const quality = given === undefined ? 1 : Number(given)
    if (style === undefined || !(quality > bestQuality)) continue
    best = style
    bestQuality = quality
  }
  return best
}
