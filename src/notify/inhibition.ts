import { type Matcher, matchesAll } from '../model/matcher.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'

/** While an alert fires that satisfies `source`, those that satisfy `target` with the same `equal` labels are not told. */
export interface InhibitRule {
  readonly source: readonly Matcher[]
  readonly target: readonly Matcher[]
  /** Names of labels that have to be the same; one that both lack is the same. */
  readonly equal: readonly string[]
}

interface Prepared extends InhibitRule {
  /** Firing alerts of the source side by the values of their `equal` labels. */
  readonly sources: Map<string, NotifyAlert[]>
}

/**
 * Which alert keeps another from being told, as Alertmanager decides it: sources may themselves be silenced or inhibited, and an
 * alert on both sides is not kept down by another on both sides.
 */
export class Inhibitor {
  readonly #rules: readonly Prepared[]

  /** @param alerts all that there are, at `nowMs` */
  constructor(rules: readonly InhibitRule[], alerts: Iterable<NotifyAlert>, nowMs: number) {
    this.#rules = rules.map((rule) => ({ ...rule, sources: new Map() }))
    if (this.#rules.length === 0) return
    for (const alert of alerts) {
      if (isResolved(alert, nowMs)) continue
      for (const rule of this.#rules) {
        if (!matchesAll(rule.source, alert.labels)) continue
        const key = keyOf(rule, alert)
        const same = rule.sources.get(key)
        if (same === undefined) rule.sources.set(key, [alert])
        else same.push(alert)
      }
    }
  }

  /** The alert that inhibits, if there is one. */
  sourceOf(target: NotifyAlert): NotifyAlert | undefined {
    for (const rule of this.#rules) {
      if (rule.sources.size === 0 || !matchesAll(rule.target, target.labels)) continue
      const isBoth = matchesAll(rule.source, target.labels)
      const source = rule.sources
        .get(keyOf(rule, target))
        ?.find((alert) => !(isBoth && matchesAll(rule.target, alert.labels)))
      if (source !== undefined) return source
    }
    return undefined
  }
}

function keyOf({ equal }: InhibitRule, { labels }: NotifyAlert): string {
  return JSON.stringify(equal.map((name) => labels.get(name)))
}
