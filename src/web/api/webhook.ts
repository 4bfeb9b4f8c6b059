import { faultOfSource, readWebhook, WebhookLabels } from '../../ingest/webhook.ts'
import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { formatTraceparent, parseTraceparent } from '../../model/trace-context.ts'
import type { PushedChange } from '../../store/pushed-operations.ts'
import { requireScope } from '../auth.ts'
import { readText } from '../body.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'

const METRIC = 'webhook_received_total'

/**
 * `POST /api/v1/webhooks/<source>`: an inbox. The raw event begins a journey in the audit log, and the trace id that is
 * answered leads through everything that follows from it.
 */
export const webhookApi: Api = (web, context) => {
  const { audit, store, clock } = context
  const labels = knownLabels(context)

  web.post('/api/v1/webhooks/:source', requireScope(context, 'ingest'), async (c) => {
    const source = c.req.param('source')
    const fault = faultOfSource(source)
    if (fault !== undefined) throw new HttpProblem(400, 'Invalid source', fault)
    const webhook = readWebhook(c.req.method, (name) => c.req.header(name), await readText(c))
    if ('unreadable' in webhook) throw new HttpProblem(400, 'Unreadable webhook', webhook.unreadable)
    const traceId = c.get('traceId')
    const record = audit.record([
      {
        traceId,
        spanId: parseTraceparent(c.req.header('traceparent'))?.spanId,
        event: 'webhook.received',
        actor: source,
        action: 'receive',
        resource: `webhook/${source}`,
        attributes: { event_type: webhook.eventType, ...webhook.attributes },
      },
    ])
    await Promise.all([record, count(labels.of(source, webhook.eventType))])
    c.header('traceparent', formatTraceparent(traceId))
    return c.json({ trace_id: traceId })
  })

  async function count(own: Readonly<Record<string, string>>): Promise<void> {
    const series = Labels.of({ ...own, job: 'webhook', [METRIC_NAME]: METRIC })
    // An event is kept also where no series can be made for it.
    if (store.series.ref(series) === undefined) return
    store.series.describe(METRIC, { type: 'counter', help: 'Webhooks that arrived in the inbox.' })
    const change: PushedChange = { kind: 'counter', labels: JSON.stringify(series.pairs), ttlMs: undefined, add: 1 }
    await store.pushed.apply({ nowMs: clock.now(), changes: [change], key: undefined, bodyHash: '' })
  }
}

/** Sources and types that were counted before the start count towards the limits. */
function knownLabels({ store }: WebContext): WebhookLabels {
  const known = new WebhookLabels()
  for (const row of store.pushed.rows()) {
    const labels = Labels.fromSortedPairs(JSON.parse(row.labels) as string[])
    if (labels.name === METRIC && labels.get('job') === 'webhook')
      known.of(labels.get('source'), labels.get('event_type'))
  }
  return known
}
