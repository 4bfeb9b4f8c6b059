import type { MetricContract } from '../ingest/metric-contract.ts'
import type { Kpi } from '../objective/kpi.ts'

/** The KPIs in use, and what they say of the metrics that are pushed. */
export class KpiBook {
  #all: readonly Kpi[] = []
  #contracts: ReadonlyMap<string, MetricContract> = new Map()

  get all(): readonly Kpi[] {
    return this.#all
  }

  contractOf(metricName: string): MetricContract | undefined {
    return this.#contracts.get(metricName)
  }

  update(kpis: readonly Kpi[]): void {
    this.#all = kpis
    this.#contracts = new Map(kpis.map((kpi) => [kpi.metric, contractOf(kpi)]))
  }
}

function contractOf({ name, kind, description, unit, labels, buckets }: Kpi): MetricContract {
  return {
    kpi: name,
    type: kind,
    help: description,
    unit: unit === 'none' ? '' : unit,
    labels: labels && new Map([...labels].map(([label, { values }]) => [label, values])),
    buckets,
  }
}
