import { type Faults, show } from './fault.ts'
import type { MetricEntry, PushedType } from './metric-entry.ts'

/** What somebody has written down of a metric before it is pushed: a KPI. */
export interface MetricContract {
  readonly kpi: string
  readonly type: PushedType
  readonly help: string
  readonly unit: string
  /** The labels that it may carry, each with its values, or undefined for any value; undefined: any label. */
  readonly labels: ReadonlyMap<string, readonly string[] | undefined> | undefined
  /** Upper bounds of a histogram, where they are written down. */
  readonly buckets: readonly number[] | undefined
}

/** Where a series comes from; every series has them. */
const ORIGIN_LABELS = ['job', 'instance']
const VERB_OF = { counter: 'add', gauge: 'set', histogram: 'observe' } as const

/** Whether an entry keeps to what is written down; what does not goes to `faults`. */
export function keepsContract(entry: MetricEntry, contract: MetricContract, faults: Faults): boolean {
  const { place, labels } = entry
  if (entry.type !== contract.type) {
    const message = `${labels.name} is a ${contract.type} (KPI ${contract.kpi}), so it can't be a ${entry.type}; write "${VERB_OF[contract.type]}" instead`
    faults.add([place, 'type'], message)
    return false
  }
  if (contract.labels === undefined) return true
  let isKept = true
  for (const [name, value] of Object.entries(labels.toObject())) {
    if (name === '__name__' || ORIGIN_LABELS.includes(name)) continue
    const values = contract.labels.get(name)
    const message = contract.labels.has(name) ? faultOfValue(value, values) : faultOfLabel(contract)
    if (message === undefined) continue
    faults.add([place, 'labels', name], message)
    isKept = false
  }
  return isKept
}

function faultOfLabel({ kpi, labels }: MetricContract): string {
  const known = [...(labels?.keys() ?? [])]
  const allowed = known.length === 0 ? 'takes none' : `takes ${known.join(', ')}`
  return `is not a label of the KPI ${kpi}, which ${allowed}; remove it, or allow it in the file of KPIs`
}

function faultOfValue(value: string, values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.includes(value)) return undefined
  return `${show(value)} is not allowed here; write one of ${values.join(', ')}`
}
