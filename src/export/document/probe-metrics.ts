import type { MetricMeta } from '../../model/metric.ts'
import { probes } from '../../probe/registry.ts'
import { unitOfName } from './exposed-family.ts'

/** What the runner of checks adds to every probe. */
const COMMON: Readonly<Record<string, string>> = {
  probe_success: 'Whether the check is up (1) or down (0).',
  probe_duration_seconds: 'How long the check took.',
  midwatch_check_up:
    'Whether the check is up (1) or down (0), while that counts: not in maintenance. Availability is made of this.',
  midwatch_check_maintenance: 'Always 1; there only while the check is in a maintenance window.',
}

const helps = new Map(Object.entries(COMMON))
/** Families of which only the pattern is known, such as `node_memory_*_bytes`. */
const patterns: { readonly regex: RegExp; readonly help: string }[] = []
for (const { metrics } of probes) {
  for (const [name, { help }] of Object.entries(metrics)) {
    if (name.includes('*')) patterns.push({ regex: new RegExp(`^${name.replaceAll('*', '.*')}$`), help })
    // Probes share some metrics, with the same meaning; the first one speaks.
    else if (!helps.has(name)) helps.set(name, help)
  }
}

/**
 * What the probes declare about a metric of theirs. As in blackbox_exporter everything is a gauge, but for what its name
 * calls a total.
 *
 * @returns undefined when no probe has it
 */
export function probeMetricMeta(name: string): MetricMeta | undefined {
  const help = helps.get(name) ?? patterns.find(({ regex }) => regex.test(name))?.help
  if (help === undefined) return undefined
  return { type: name.endsWith('_total') ? 'counter' : 'gauge', help, unit: unitOfName(name) }
}
