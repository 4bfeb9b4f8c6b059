import { createHash } from 'node:crypto'
import { batchFormat, readBatch } from '../../ingest/batch.ts'
import { Faults } from '../../ingest/fault.ts'
import { MOST_ENTRIES, readMetricEntries } from '../../ingest/metric-entry.ts'
import { type MetricChange, type MetricPlan, planMetrics } from '../../ingest/metric-plan.ts'
import type { PushedChange } from '../../store/pushed-operations.ts'
import { labelsOf } from '../../store/pushed-store.ts'
import { requireScope } from '../auth.ts'
import { type BodyLimits, readText } from '../body.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { invalid } from '../validate.ts'

const LIMITS: BodyLimits = { bytes: 4 * 1024 * 1024, expandedBytes: 8 * 1024 * 1024 }
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/** `POST /api/v1/metrics`: counters, gauges and histograms as JSON; all of a push counts, or nothing. */
export const pushApi: Api = (web, context) => {
  const { store, clock } = context
  // Two first pushes of one histogram at the same moment must not each bring their own buckets.
  const bounds = new Map<string, readonly number[]>()
  const known = {
    metaOf: (name: string) => store.series.metaOf(name),
    boundsOf: (name: string) => bounds.get(name) ?? store.pushed.boundsOf(name),
    contractOf: (name: string) => context.kpis.contractOf(name),
  }

  web.post('/api/v1/metrics', requireScope(context, 'ingest'), async (c) => {
    const key = idempotencyKey(c.req.header('idempotency-key'))
    const text = await readText(c, LIMITS)
    const batch = readBatch(text, batchFormat(c.req.header('content-type')), MOST_ENTRIES)
    if (!batch.ok)
      throw 'malformed' in batch ? new HttpProblem(400, 'Malformed JSON', batch.malformed) : invalid(batch.faults)
    const faults = new Faults()
    const entries = await readMetricEntries(batch.value, faults)
    const plan = planMetrics(entries, known, faults)
    if (faults.list.length > 0) throw invalid(faults.list)
    reserve(context, plan)
    for (const [name, each] of plan.bounds) bounds.set(name, each)
    const result = await store.pushed.apply({
      nowMs: clock.now(),
      changes: plan.changes.map(toStored),
      // Whoever sends, a key is only their own.
      key: key === undefined ? undefined : `${c.get('caller').name}\n${key}`,
      bodyHash: createHash('sha256').update(text).digest('hex'),
    })
    if (result.kind === 'key-reused') {
      throw invalid([
        { field: 'Idempotency-Key', message: 'came with other content before; make a new key for a new push' },
      ])
    }
    return c.json({ accepted: entries.length, warnings: plan.warnings })
  })
}

function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || IDEMPOTENCY_KEY.test(header)) return header
  throw new HttpProblem(400, 'Invalid Idempotency-Key', 'write 1 to 255 printable ASCII characters, such as a UUID')
}

/** Makes the series and describes the metrics, or refuses the whole push when a limit has no room for it. */
function reserve({ store }: WebContext, { changes, metas }: MetricPlan): void {
  const series = changes.flatMap(seriesOf)
  const refusal = store.series.refusalOf(series)
  if (refusal !== undefined) {
    throw invalid([{ field: refusal.labels.toString(), message: `can't be made: ${refusal.message}` }])
  }
  for (const labels of series) store.series.ref(labels)
  for (const [name, meta] of metas) store.series.describe(name, meta)
}

function seriesOf(change: MetricChange) {
  return labelsOf(change.labels, change.kind === 'histogram' ? change : undefined)
}

function toStored({ labels, ...change }: MetricChange): PushedChange {
  return { ...change, labels: JSON.stringify(labels.pairs) }
}
