import type { CheckHealth } from '../../model/health.ts'
import type { CheckView as CheckInfo } from '../context.ts'
import type { CheckSummary } from '../page/check-row.tsx'
import type { History } from '../page/history.tsx'

export const HEARTBEAT = 'heartbeat'
/** What midwatch asks itself has no address that tells anything. */
const SELF = 'self'
const NO_HISTORY: History = { fromMs: 0, slotMs: 1_800_000, slots: [] }

/** What is known of a check now, what it is, and how it has been, together. */
export function checkSummary(
  health: CheckHealth,
  info: CheckInfo | undefined,
  history: History | undefined,
): CheckSummary {
  const kind = info?.kind ?? ''
  return {
    ...health,
    ...(kind === HEARTBEAT ? reportTimes(health) : {}),
    kind,
    target: kind === SELF ? '' : (info?.instance ?? ''),
    history: history ?? NO_HISTORY,
  }
}

/** midwatch looks at a heartbeat all the time; what people want to know is when the job reported, and how long it took. */
function reportTimes({ details }: CheckHealth): Pick<CheckHealth, 'lastRunMs' | 'lastSuccessMs' | 'latencyMs'> {
  const { last_ping: ping, last_success: success, last_duration_seconds: seconds } = details
  return {
    lastRunMs: timeOf(ping),
    lastSuccessMs: timeOf(success),
    latencyMs: typeof seconds === 'number' ? seconds * 1000 : undefined,
  }
}

function timeOf(text: unknown): number | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
