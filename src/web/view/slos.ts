import type { WebContext } from '../context.ts'
import type { SlosView } from '../page/slos.tsx'
import { sloStatuses, windowText } from './slo-status.ts'

/** Every SLO, and how it stands. */
export async function slosView(context: WebContext, more: Pick<SlosView, 'jsonUrl' | 'needsToken'>): Promise<SlosView> {
  const entries = context.slos()
  const statuses = await sloStatuses(context, entries)
  const slos = entries.map(({ slo: { id, description, objective }, windows }) => {
    const status = statuses.get(id)
    return {
      id,
      description,
      objective,
      window: windowText(windows.periodMs),
      budgetLeft: status?.budgetLeft,
      burnRate: status?.burnRate,
      exhaustedInMs: status?.exhaustedInMs,
      firing: status?.firing ?? [],
    }
  })
  return { slos, ...more }
}
