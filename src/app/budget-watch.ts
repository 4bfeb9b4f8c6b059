import type { Clock } from '../lib/clock.ts'
import type { VectorSample } from '../model/rule.ts'
import type { StateChange } from '../notify/event.ts'
import { BUDGET_LEVELS, budgetLevel } from '../objective/budget-level.ts'
import { getSetting, putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

interface BudgetWatchOptions {
  readonly clock: Clock
  readonly store: Store
  readonly query: (expr: string, atMs: number) => Promise<readonly VectorSample[]>
  /** The SLOs whose budgets are watched, by id. */
  readonly ids: () => readonly string[]
  /** Tells other systems; never rejects. */
  readonly announce: (...changes: readonly StateChange[]) => Promise<void>
}

const KEY = 'slo_budget_levels'
const EXPR = 'min by (sloth_id) (slo:period_error_budget_remaining:ratio)'
/** Budgets are recorded once a minute. */
const EVERY_MS = 60_000

/** Tells when half, a quarter, a tenth or nothing of a budget is left; what was told stays over restarts. */
export class BudgetWatch {
  readonly #options: BudgetWatchOptions
  readonly #levels: Map<string, number>
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(options: BudgetWatchOptions) {
    this.#options = options
    const kept = getSetting(options.store.reader, KEY)
    this.#levels = new Map(kept === undefined ? [] : (JSON.parse(kept) as [string, number][]))
  }

  async look(): Promise<void> {
    const { clock, store, query, ids, announce } = this.#options
    const nowMs = clock.now()
    const known = new Set(ids())
    if (nowMs - this.#lookedMs < EVERY_MS || (known.size === 0 && this.#levels.size === 0)) return
    this.#lookedMs = nowMs
    const before = JSON.stringify([...this.#levels])
    for (const id of this.#levels.keys()) if (!known.has(id)) this.#levels.delete(id)
    const changes: StateChange[] = []
    for (const { labels, value } of await query(EXPR, nowMs)) {
      const id = labels.get('sloth_id')
      if (!known.has(id) || Number.isNaN(value)) continue
      const last = this.#levels.get(id)
      const level = budgetLevel(value, last)
      this.#levels.set(id, level)
      // How an SLO begins is no change.
      if (last !== undefined && level !== last) changes.push(changeOf(id, value, last, level, nowMs))
    }
    const after = JSON.stringify([...this.#levels])
    if (after !== before) await store.writer.run(putSetting, { key: KEY, value: after })
    await announce(...changes)
  }
}

function changeOf(id: string, left: number, last: number, level: number, atMs: number): StateChange {
  const isDown = level > last
  // The last level that was crossed on the way.
  const crossed = BUDGET_LEVELS[isDown ? level - 1 : level]
  return {
    type: 'slo.budget',
    subject: `slo/${id}`,
    atMs,
    data: { id, direction: isDown ? 'down' : 'up', crossed_ratio: crossed, budget_remaining_ratio: left },
  }
}
