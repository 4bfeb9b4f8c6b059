import { SelfMetrics } from '../../src/telemetry/self-metrics.ts'
import { code, type Page, page, table } from './page.ts'

/** What midwatch measures of itself. */
export const metrics: Page = {
  file: 'docs/reference/metrics.md',
  async text() {
    const own = new SelfMetrics()
    try {
      const all = await own.registry.getMetricsAsJSON()
      // The types know the labels of some kinds only; every kind has them.
      const labelsOf = (name: string) =>
        ((own.registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] }).labelNames ?? []).map(
          code,
        )
      const rows = all
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, type, help }) => [code(name), String(type), labelsOf(name).join(', '), help])
      return page(
        "midwatch's own metrics",
        'What midwatch measures of itself. It keeps them as series of its own with `job="midwatch"`, and its own alerts are made of them; a Prometheus gets them from `/metrics`. What checks measure: [checks](checks.md).',
        table(['metric', 'type', 'labels', 'what'], rows),
      )
    } finally {
      own.stop()
    }
  },
}
