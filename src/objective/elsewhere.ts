import type { Slo } from './slo.ts'

/** Whether a check is up, in times that count: not in maintenance, and not while nobody can tell. */
export const CHECK_UP = 'midwatch_check_up'
/** What blackbox_exporter has of it. */
const PROBE_SUCCESS = 'probe_success'

/** An SLO as other programs can measure it, which do not have midwatch's own series. */
export function elsewhere(slo: Slo): Slo {
  const { checks, sli } = slo
  if (checks.length === 0 || sli.kind === 'raw') return slo
  const there = (query: string) => query.replaceAll(CHECK_UP, PROBE_SUCCESS)
  return { ...slo, sli: { ...sli, errorQuery: there(sli.errorQuery), totalQuery: there(sli.totalQuery) } }
}
