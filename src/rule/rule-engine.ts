import { alertSeries } from '../alert/alert-series.ts'
import { type AlertSample, needsSending, transition } from '../alert/transition.ts'
import type { AlertEvent, AlertInstance, SentAlert } from '../model/alert.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import type { Condition } from '../model/measure.ts'
import type { AlertingRule, RecordingRule, RuleGroup, VectorSample } from '../model/rule.ts'
import type { SampleSink } from '../model/sink.ts'
import { type Expr, parse, print, type SharedResults } from '../promql/index.ts'
import { type GroupState, groupKey, nameOf, start } from './group-state.ts'
import type { RuleHealth, RuleState } from './rule-state.ts'
import { RuleWriter } from './rule-writer.ts'
import { expand } from './template.ts'

/** What one evaluation of a group changed; to be written down as one. */
export interface EvaluationResult {
  readonly nowMs: number
  readonly upserts: readonly { readonly ruleKey: string; readonly alert: AlertInstance }[]
  readonly removals: readonly { readonly ruleKey: string; readonly labels: Labels }[]
  readonly events: readonly AlertEvent[]
  /** For the telling side. */
  readonly sent: readonly SentAlert[]
}

interface RuleEngineOptions {
  /**
   * An instant query over midwatch's own series. A scalar is one sample without labels. `shared` holds what rules of a group
   * have in common.
   */
  readonly query: (expression: Expr, atMs: number, shared?: SharedResults) => Promise<readonly VectorSample[]>
  readonly sink: SampleSink
  /** Called after each evaluation that changed something, before the group is evaluated again. */
  readonly onResult: (result: EvaluationResult) => void
  readonly onError: (error: unknown, rule: string) => void
  readonly externalUrl: string
  /** What templates see as `$externalLabels`. */
  readonly externalLabels?: Labels
  /** How often a firing alert is handed over again, as Prometheus' `--rules.alert.resend-delay`; a minute unless told. */
  readonly resendDelayMs?: () => number
  /** Alerts of the last run, by the key of their rule. */
  readonly restored?: ReadonlyMap<string, readonly AlertInstance[]>
  /** The time between ticks, which is the interval of groups without one. Milliseconds; a minute when undefined. */
  readonly spacingMs?: () => number
  /**
   * Why nothing was known at a moment of what an alert is about: it keeps its state then. Rules that ask for absence are not
   * asked about.
   */
  readonly frozenBy?: (labels: Labels, atMs: number, isThere: boolean) => string | undefined
}

const RESEND_DELAY_MS = 60_000
/** A clock that was put back less far is waited for. */
const SETBACK_MS = 60_000
/** After so much work on rules others get a turn; a query gives way by itself. */
const TURN_MS = 3

/** What pages, API and metrics show of a group. */
export interface GroupView {
  readonly group: RuleGroup
  readonly lastEvaluationMs: number | undefined
  readonly evaluationSeconds: number
  readonly missed: number
  readonly iterations: number
  readonly failures: number
  readonly rules: readonly RuleView[]
}

export interface RuleView {
  readonly rule: RecordingRule | AlertingRule
  readonly health: RuleHealth
  readonly lastError: string | undefined
  readonly lastEvaluationMs: number | undefined
  readonly evaluationSeconds: number
  readonly alerts: readonly AlertInstance[]
}

/** An alert with all that its rule knows. */
export interface FoundAlert extends Pick<RuleView, 'health' | 'lastError' | 'lastEvaluationMs'> {
  readonly group: RuleGroup
  readonly rule: AlertingRule
  readonly alert: AlertInstance
  readonly condition: Condition | undefined
}

/**
 * Evaluates rule groups when a tick of the schedule finds them due. Groups run side by side; rules of one group one after the
 * other, each seeing what the one before it recorded.
 */
export class RuleEngine {
  readonly #options: RuleEngineOptions
  readonly #writer: RuleWriter
  #groups: GroupState[] = []
  #turnEndMs = 0
  /** Alerts of the last run whose rules have not been seen yet. */
  readonly #restored: Map<string, readonly AlertInstance[]>
  #isFirstUpdate = true
  /** Groups that take over when those they replace are done. */
  #coming: { readonly groups: readonly RuleGroup[]; readonly same: ReadonlySet<string> } | undefined
  readonly #waiting: (() => void)[] = []

  /** Without groups it evaluates nothing until `update` brings some. */
  constructor(options: RuleEngineOptions, groups?: readonly RuleGroup[]) {
    this.#options = options
    this.#writer = new RuleWriter(options.sink, options.onError)
    this.#restored = new Map(options.restored)
    if (groups !== undefined) this.update(groups)
  }

  get groups(): readonly GroupView[] {
    return this.#groups.map((state) => ({
      group: state.group,
      lastEvaluationMs: state.lastSlotMs,
      evaluationSeconds: state.evaluationSeconds,
      missed: state.missed,
      iterations: state.iterations,
      failures: state.failures,
      rules: state.rules.map(({ rule, health, lastError, lastEvaluationMs, evaluationSeconds, alerts }) => ({
        rule,
        health,
        lastError,
        lastEvaluationMs,
        evaluationSeconds,
        alerts: [...alerts.values()],
      })),
    }))
  }

  /** Every alert that is pending or firing. */
  *alerts(): Generator<Pick<FoundAlert, 'rule' | 'alert' | 'condition'>> {
    for (const { rules } of this.#groups) {
      for (const { rule, alerts, condition } of rules) {
        if (rule.kind !== 'alerting') continue
        for (const alert of alerts.values()) if (alert.state !== 'inactive') yield { rule, alert, condition }
      }
    }
  }

  /** The alert of these labels with its rule, whatever its state is; undefined where no rule gives it. */
  find(isWanted: (labels: Labels) => boolean): FoundAlert | undefined {
    let found: FoundAlert | undefined
    for (const { group, rules } of this.#groups) {
      for (const { rule, alerts, condition, health, lastError, lastEvaluationMs } of rules) {
        if (rule.kind !== 'alerting') continue
        for (const alert of alerts.values()) {
          if (!isWanted(alert.labels)) continue
          found = { group, rule, alert, condition, health, lastError, lastEvaluationMs }
          if (alert.state !== 'inactive') return found
        }
      }
    }
    return found
  }

  /**
   * Puts new groups in the place of the old ones. A rule that is still there (by name and labels, in order) keeps its alerts
   * and series; series of rules that are gone become stale at the next tick. A group that changes ends the evaluation that it
   * is in first: `updated` tells when.
   */
  update(groups: readonly RuleGroup[]): void {
    this.#coming = { groups, same: new Set(groups.map((group) => JSON.stringify(group))) }
    this.#replaceIfIdle()
  }

  /** Resolves when the groups of the last update are those in use. */
  async updated(): Promise<void> {
    if (this.#coming === undefined) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #isChanging({ group }: GroupState): boolean {
    return this.#coming !== undefined && !this.#coming.same.has(JSON.stringify(group))
  }

  #replaceIfIdle(): void {
    if (this.#coming === undefined) return
    if (this.#groups.some((state) => state.isRunning && this.#isChanging(state))) return
    const { groups } = this.#coming
    this.#coming = undefined
    this.#replace(groups)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #replace(groups: readonly RuleGroup[]): void {
    const before = new Map(this.#groups.map((state) => [groupKey(state.group), state]))
    this.#groups = groups.map((group) => {
      const known = before.get(groupKey(group))
      before.delete(groupKey(group))
      if (known === undefined) return start(group, this.#restored)
      if (JSON.stringify(known.group) === JSON.stringify(group)) return known
      const kept = new Map(known.rules.map((state) => [state.key, state]))
      const next = start(group, new Map())
      for (const state of next.rules) {
        const old = kept.get(state.key)
        if (old === undefined) continue
        kept.delete(state.key)
        state.alerts = old.alerts
        state.series = old.series
      }
      for (const gone of kept.values()) this.#forget(gone)
      return { ...next, lastSlotMs: known.lastSlotMs, missed: known.missed, iterations: known.iterations }
    })
    for (const { rules } of before.values()) for (const gone of rules) this.#forget(gone)
    if (this.#isFirstUpdate) this.#forgetUnclaimed()
    this.#isFirstUpdate = false
  }

  /** Evaluates every group that is due at this tick; resolves when all are done. */
  async tick(tickMs: number): Promise<void> {
    this.#writer.markVanished(tickMs)
    this.#turnEndMs = performance.now() + TURN_MS
    await Promise.all(
      this.#groups.map((state) =>
        this.#evaluateIfDue(state, tickMs).catch((error: unknown) => this.#options.onError(error, state.group.name)),
      ),
    )
  }

  async #evaluateIfDue(state: GroupState, tickMs: number): Promise<void> {
    const { intervalMs } = state.group
    const slotMs = intervalMs === undefined ? tickMs : Math.floor(tickMs / intervalMs) * intervalMs
    const { lastSlotMs } = state
    // Far before the last one: the clock was put back, and nobody must wait until it has caught up.
    const isSetBack = lastSlotMs !== undefined && lastSlotMs - tickMs > Math.max(intervalMs ?? 0, SETBACK_MS)
    if (lastSlotMs !== undefined && slotMs <= lastSlotMs && !isSetBack) return
    // Its next evaluation is one of the group that takes its place.
    if (this.#isChanging(state)) return
    if (state.isRunning) {
      // Slots of an interval are counted when the next one begins.
      if (intervalMs === undefined) state.missed++
      return
    }
    if (intervalMs !== undefined && lastSlotMs !== undefined && !isSetBack) {
      state.missed += (slotMs - lastSlotMs) / intervalMs - 1
    }
    state.isRunning = true
    state.lastSlotMs = slotMs
    const startMs = performance.now()
    try {
      await this.#evaluate(state, slotMs)
    } finally {
      state.evaluationSeconds = (performance.now() - startMs) / 1000
      state.iterations++
      state.isRunning = false
      this.#replaceIfIdle()
    }
  }

  async #evaluate(state: GroupState, slotMs: number): Promise<void> {
    const result = { upserts: [], removals: [], events: [], sent: [] } as {
      upserts: EvaluationResult['upserts'][number][]
      removals: EvaluationResult['removals'][number][]
      events: AlertEvent[]
      sent: SentAlert[]
    }
    const sampleMs = slotMs - state.group.queryOffsetMs
    const shared = state.shared.results(sampleMs)
    let startMs = performance.now()
    for (const rule of state.rules) {
      try {
        const found = await this.#options.query(rule.expression, sampleMs, shared)
        const series =
          rule.rule.kind === 'recording'
            ? record(rule, rule.rule, found, state.group.limit)
            : await this.#alert(rule, rule.rule, found, state.group, slotMs, result)
        const refused = this.#writer.append(rule, series, sampleMs, nameOf(rule))
        rule.health = refused === undefined ? 'ok' : 'err'
        rule.lastError = refused
        // What was taken of it stands: no failure of the evaluation.
        if (refused !== undefined) this.#options.onError(new Error(refused), `${state.group.name}/${nameOf(rule)}`)
      } catch (error) {
        rule.health = 'err'
        rule.lastError = (error as Error).message
        state.failures++
        this.#options.onError(error, `${state.group.name}/${nameOf(rule)}`)
      }
      const endMs = performance.now()
      rule.lastEvaluationMs = slotMs
      rule.evaluationSeconds = (endMs - startMs) / 1000
      startMs = endMs
      if (endMs >= this.#turnEndMs) startMs = await this.#giveWay()
    }
    const { upserts, removals, events, sent } = result
    if (upserts.length + removals.length + events.length + sent.length > 0) {
      this.#options.onResult({ nowMs: slotMs, ...result })
    }
  }

  /** Lets others do their work; returns when it goes on. */
  async #giveWay(): Promise<number> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const nowMs = performance.now()
    // Groups that went on in the same turn have their part of it.
    if (nowMs >= this.#turnEndMs) this.#turnEndMs = nowMs + TURN_MS
    return nowMs
  }

  async #alert(
    state: RuleState,
    rule: AlertingRule,
    found: readonly VectorSample[],
    { name, file, intervalMs, limit, queryOffsetMs }: RuleGroup,
    slotMs: number,
    result: {
      upserts: EvaluationResult['upserts'][number][]
      removals: EvaluationResult['removals'][number][]
      events: AlertEvent[]
      sent: SentAlert[]
    },
  ): Promise<VectorSample[]> {
    if (found.length === 0 && state.alerts.size === 0) return []
    const samples: AlertSample[] = []
    const keys = new Set<string>()
    for (const sample of found) {
      const alert = await this.#sampleOf(state, rule, sample, slotMs)
      if (keys.has(alert.labels.key)) {
        throw new Error('vector contains metrics with the same labelset after applying alert labels')
      }
      keys.add(alert.labels.key)
      samples.push(alert)
    }
    const before = state.alerts
    const { condition } = state
    const { frozenBy } = this.#options
    const next = transition(
      before,
      samples,
      { ...rule, condition },
      slotMs,
      frozenBy === undefined || state.asksAbsence
        ? undefined
        : (labels, isThere) => frozenBy(labels, slotMs - queryOffsetMs, isThere),
    )
    const active = [...next.instances.values()].filter((alert) => alert.state !== 'inactive')
    if (limit > 0 && active.length > limit) {
      state.alerts = new Map()
      for (const alert of before.values()) result.removals.push({ ruleKey: state.key, labels: alert.labels })
      throw new Error(`exceeded limit of ${limit} with ${active.length} alerts`)
    }
    const instances = new Map(next.instances)
    const changed = new Set(next.changed.map((alert) => alert.labels.key))
    const resendDelayMs = this.#options.resendDelayMs?.() ?? RESEND_DELAY_MS
    const validMs = 4 * Math.max(intervalMs ?? this.#options.spacingMs?.() ?? 0, resendDelayMs)
    for (const [key, alert] of instances) {
      const { frozen } = alert
      const isFrozenOtherwise = alert.state === 'firing' && frozen?.sinceMs !== before.get(key)?.frozen?.sinceMs
      if (!isFrozenOtherwise && !needsSending(alert, slotMs, resendDelayMs)) continue
      instances.set(key, { ...alert, lastSentAtMs: slotMs })
      changed.add(key)
      result.sent.push({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
        endsAtMs: alert.resolvedAtMs ?? slotMs + validMs,
        ...(frozen === undefined ? {} : { frozen: frozen.reason }),
        generatorUrl: `${this.#options.externalUrl}/graph?g0.expr=${queryEscape(print(state.expression))}&g0.tab=1`,
        origin: {
          group: name,
          file,
          activeAtMs: alert.activeAtMs,
          value: String(alert.value),
          peak: String(alert.peak ?? alert.value),
          ...(condition === undefined ? {} : { condition }),
        },
      })
    }
    for (const key of changed) {
      const alert = instances.get(key)
      if (alert !== undefined) result.upserts.push({ ruleKey: state.key, alert })
    }
    for (const labels of next.removed) result.removals.push({ ruleKey: state.key, labels })
    result.events.push(...next.events)
    state.alerts = instances
    return alertSeries(instances.values(), rule.alert, rule.labels)
  }

  async #sampleOf(state: RuleState, rule: AlertingRule, sample: VectorSample, slotMs: number): Promise<AlertSample> {
    const data = {
      labels: sample.labels,
      externalLabels: this.#options.externalLabels ?? Labels.empty,
      externalUrl: this.#options.externalUrl,
      value: sample.value,
    }
    const options = { nowMs: slotMs, query: (text: string) => this.#options.query(parse(text), slotMs) }
    let labels = sample.labels.withoutName()
    for (const [name, template] of state.labelTemplates)
      labels = labels.with(name, template.plain ?? (await expand(template, data, options)))
    const annotations: Record<string, string> = {}
    for (const [name, template] of state.annotationTemplates) {
      annotations[name] = template.plain ?? (await expand(template, data, options))
    }
    return { labels: labels.with('alertname', rule.alert), annotations, value: sample.value }
  }

  #forget(state: RuleState): void {
    this.#writer.forget(state)
    if (state.alerts.size === 0) return
    const removals = [...state.alerts.values()].map(({ labels }) => ({ ruleKey: state.key, labels }))
    this.#options.onResult({ nowMs: 0, upserts: [], removals, events: [], sent: [] })
  }

  /** What nobody goes on with must not come back as if it had been there all the time. */
  #forgetUnclaimed(): void {
    const claimed = new Set(this.#groups.flatMap(({ rules }) => rules.map(({ key }) => key)))
    const unclaimed = [...this.#restored].filter(([key]) => !claimed.has(key))
    this.#restored.clear()
    const removals = unclaimed.flatMap(([ruleKey, alerts]) => alerts.map(({ labels }) => ({ ruleKey, labels })))
    if (removals.length > 0) this.#options.onResult({ nowMs: 0, upserts: [], removals, events: [], sent: [] })
  }
}

/** The samples under the rule's name, with its labels. */
function record(
  { recorded }: RuleState,
  rule: RecordingRule,
  found: readonly VectorSample[],
  limit: number,
): readonly VectorSample[] {
  const samples: VectorSample[] = []
  for (const { labels, value } of found) {
    let named = recorded.get(labels)
    if (named === undefined) {
      named = labels.with(METRIC_NAME, rule.record)
      for (const [name, text] of Object.entries(rule.labels)) named = named.with(name, text)
      recorded.set(labels, named)
    }
    samples.push({ labels: named, value })
  }
  if (samples.length > 1 && new Set(samples.map(({ labels }) => labels.key)).size < samples.length) {
    throw new Error('vector contains metrics with the same labelset after applying rule labels')
  }
  if (limit > 0 && samples.length > limit) throw new Error(`exceeded limit of ${limit} with ${samples.length} series`)
  return samples
}

/** As Go's url.QueryEscape: a space is `+`. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
