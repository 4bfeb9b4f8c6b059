import type { LoadedRules } from '../config/rules.ts'
import { cronSpacingMs } from '../lib/cron-spacing.ts'
import type { RuleGroup } from '../model/rule.ts'
import { print } from '../promql/index.ts'
import { queryStore } from '../rule/query.ts'
import { RuleEngine } from '../rule/rule-engine.ts'
import { loadAlerts } from '../store/alerts.ts'
import { BudgetWatch } from './budget-watch.ts'
import type { Ground } from './ground.ts'
import { KpiBook } from './kpi-book.ts'
import type { Looking } from './looking.ts'
import { alertsAfter, frozenBy } from './outage.ts'
import { externalUrlOf, type Plan } from './plan.ts'
import { RuleDesk } from './rule-desk.ts'
import { SloDesk } from './slo-desk.ts'
import type { Telling } from './telling.ts'

/** What is judged: rules of files and of the database, objectives and KPIs. */
export class Judging {
  readonly rules: RuleEngine
  readonly kpis = new KpiBook()
  readonly ruleDesk: RuleDesk
  readonly slos: SloDesk
  readonly budgets: BudgetWatch
  readonly #ground: Ground
  /** Undefined until they have been read: until then no alert of the last run may be taken for one without a rule. */
  #fileGroups: readonly RuleGroup[] | undefined
  #tickMs: number

  constructor(ground: Ground, { board }: Looking, { teller, announce, messagesOf }: Telling) {
    const { clock, log, store, audit, plan, startedMs, lastAliveMs } = ground
    this.#ground = ground
    this.#tickMs = tickMsOf(plan(), startedMs)
    const outage = { fromMs: lastAliveMs, toMs: startedMs }
    this.rules = new RuleEngine({
      query: (expr, atMs, shared) =>
        plan().backend?.instant(print(expr), atMs) ??
        queryStore(store.series, expr, atMs, { shared, defaultSubqueryStepMs: this.#tickMs }),
      sink: store.series,
      externalUrl: externalUrlOf(plan().config),
      restored: alertsAfter(outage, loadAlerts(store.reader)),
      frozenBy: frozenBy(outage, (check, atMs) => board.darkness(check, atMs)),
      get externalLabels() {
        return plan().config.externalLabels
      },
      resendDelayMs: () => plan().config.evaluation.resendDelayMs,
      spacingMs: () => this.#tickMs,
      onResult: (result) => teller.noteEvaluation(result),
      onError: (error, rule) => log.warn({ event: 'rule.failed', rule, err: error }, 'a rule could not be evaluated'),
    })
    const onChange = () => this.#update()
    const onOwed = () => teller.wake()
    this.ruleDesk = new RuleDesk({
      clock,
      log,
      store,
      audit,
      others: () => [...(this.#fileGroups ?? []), ...this.slos.groups],
      onChange,
      messagesOf,
      onOwed,
    })
    this.slos = new SloDesk({ clock, store, audit, config: () => plan().config, onChange, messagesOf, onOwed })
    this.budgets = new BudgetWatch({
      clock,
      store,
      query: (expr, atMs) => plan().backend?.instant(expr, atMs) ?? queryStore(store.series, expr, atMs),
      ids: () => this.slos.entries.map(({ slo }) => slo.id),
      announce,
    })
  }

  /** The time between ticks in milliseconds, which is what Prometheus calls the evaluation interval. */
  get tickMs(): number {
    return this.#tickMs
  }

  /** Puts what was loaded in place of the rules that are there, which are carried over where they are the same. */
  async apply(next: Plan, loaded: LoadedRules): Promise<void> {
    const { clock, log } = this.#ground
    this.#tickMs = tickMsOf(next, clock.now())
    this.#fileGroups = loaded.groups
    for (const problem of this.slos.update(loaded.slos, next.config))
      log.error({ event: 'slo.problem', ...problem }, problem.message)
    this.kpis.update(loaded.kpis)
    await this.#update()
  }

  async #update(): Promise<void> {
    if (this.#fileGroups === undefined) return
    this.rules.update([...this.#fileGroups, ...this.slos.groups, ...this.ruleDesk.groups])
    await this.rules.updated()
  }
}

function tickMsOf({ config: { evaluation } }: Plan, nowMs: number): number {
  return cronSpacingMs(evaluation.cron, evaluation.timezone, nowMs)
}
