import type { AlertInstance } from '../model/alert.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'

/** What a rule's alerts look like as series: `ALERTS`, and since when as `ALERTS_FOR_STATE`. */
export function alertSeries(
  alerts: Iterable<AlertInstance>,
  alertName: string,
  ruleLabels: Readonly<Record<string, string>>,
): { readonly labels: Labels; readonly value: number }[] {
  const samples: { labels: Labels; value: number }[] = []
  for (const { labels, state, activeAtMs } of alerts) {
    if (state === 'inactive') continue
    // As Prometheus does: the rule's labels as written first, then the alert's own.
    const base = Labels.of(ruleLabels).merge(labels).with('alertname', alertName)
    samples.push(
      { labels: base.with(METRIC_NAME, 'ALERTS').with('alertstate', state), value: 1 },
      { labels: base.with(METRIC_NAME, 'ALERTS_FOR_STATE'), value: Math.floor(activeAtMs / 1000) },
    )
  }
  return samples
}
