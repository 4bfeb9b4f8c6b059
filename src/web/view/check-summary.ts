import type { CheckHealth } from '../../model/health.ts'
import type { CheckView as CheckInfo } from '../context.ts'
import type { CheckSummary } from '../page/check-row.tsx'
import type { History } from '../page/history.tsx'

export const HEARTBEAT = 'heartbeat'
const NO_HISTORY: History = { fromMs: 0, slotMs: 1_800_000, slots: [] }

/** What is known of a check now, what it is, and how it has been, together. */
export function checkSummary(
  health: CheckHealth,
  info: CheckInfo | undefined,
  history: History | undefined,
): CheckSummary {
  return { ...health, kind: info?.kind ?? '', target: info?.instance ?? '', history: history ?? NO_HISTORY }
}
