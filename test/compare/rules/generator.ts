import { Draw } from '../draw.ts'
import { type GroupPlan, type RulePlan, type RulesScenario, type SeriesPlan, STEPS } from './scenario.ts'
import { annotationsOf, labelText } from './texts.ts'

/** What a scenario is mostly about. Seeds go round, so that a dozen of them has each once. */
const THEMES = [
  'for',
  'keep_firing_for',
  'limit',
  'templates',
  'recording rules and groups',
  'labels',
  'flapping',
  'vanishing series',
  'numbers that are none',
  'absent',
  'errors',
  'everything',
] as const
type Theme = (typeof THEMES)[number]

const HIGH = [4, 5.5, 7, 1234567, 0.25e9, 99.999] as const
const LOW = [0, 1, 2.5, 3, -8, 1e-7] as const
const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const

/** The scenario of a seed; the same seed gives the same one. */
export function rulesScenario(seed: number): RulesScenario {
  const about = THEMES[((seed % THEMES.length) + THEMES.length) % THEMES.length] as Theme
  const maker = new Maker(seed, about)
  const series = maker.series()
  return { seed, about, series, groups: maker.groups() }
}

class Maker {
  readonly #seed: number
  readonly #theme: Theme
  readonly #draw: Draw

  constructor(seed: number, theme: Theme) {
    this.#seed = seed
    this.#theme = theme
    this.#draw = new Draw(seed * 6007 + 11)
  }

  #is(...themes: readonly Theme[]): boolean {
    return themes.includes(this.#theme)
  }

  series(): SeriesPlan[] {
    const draw = this.#draw
    const base = { scenario: String(this.#seed) }
    const plans = ['a', 'b', 'c', 'd'].slice(0, draw.int(2, 4)).map((i, n): SeriesPlan => {
      const host = ['web-a.example.org:9100', 'web-b', 'db-1.example.org', 'x'][n] as string
      return { name: 'v', labels: { ...base, i, host }, values: this.#values() }
    })
    // One is alone in some steps and has company in others, where whoever joins with it can't choose.
    const pair = ['1', '2'].map((side): SeriesPlan => {
      const values = Array.from({ length: STEPS }, (_, k) => (side === '1' || k % 5 >= 3 ? 1 : undefined))
      return { name: 'w', labels: { ...base, side }, values }
    })
    return [...plans, ...pair]
  }

  /** Stretches of high and of low values. */
  #values(): (number | undefined)[] {
    const draw = this.#draw
    const values: (number | undefined)[] = []
    let isHigh = draw.chance(0.4)
    const longest = this.#is('flapping') ? 2 : this.#is('for', 'keep_firing_for') ? 4 : 3
    while (values.length < STEPS) {
      const length = draw.int(1, longest)
      const value = this.#value(isHigh)
      for (let i = 0; i < length; i++) values.push(draw.chance(0.3) ? this.#value(isHigh) : value)
      isHigh = !isHigh
    }
    return values.slice(0, STEPS)
  }

  #value(isHigh: boolean): number | undefined {
    const draw = this.#draw
    if (this.#is('vanishing series', 'absent', 'everything') && draw.chance(0.3)) return undefined
    if (this.#is('numbers that are none') && draw.chance(0.4)) return draw.pick(ODD)
    return draw.pick(isHigh ? HIGH : LOW)
  }

  get #selector(): string {
    return `v{scenario="${this.#seed}"}`
  }

  groups(): GroupPlan[] {
    const draw = this.#draw
    const count = this.#is('recording rules and groups', 'everything') ? draw.int(2, 3) : draw.int(1, 2)
    return Array.from({ length: count }, (_, n): GroupPlan => {
      const rules: RulePlan[] = []
      if (this.#is('recording rules and groups', 'errors', 'everything')) rules.push(...this.#recordings(n))
      const alerts = draw.int(2, 3)
      for (let i = 0; i < alerts; i++) rules.push(this.#alert(`A${n}${i}`, rules))
      if (this.#is('recording rules and groups', 'everything')) rules.push(this.#alertOfAlerts(n, rules))
      const limits = this.#is('limit') ? [1, 2, 3] : [0]
      return { interval: n > 0 && draw.chance(0.5) ? 2 : 1, limit: draw.pick(limits), rules }
    })
  }

  #recordings(n: number): RulePlan[] {
    const draw = this.#draw
    const selector = this.#selector
    const labels = draw.pick([{}, { tier: 'gold' }, { i: 'same', host: '' }, { host: '{{ $labels.i }}' }])
    return [
      { kind: 'record', record: `rec:sum${n}`, expr: `sum by (scenario) (${selector})`, labels: { tier: 'gold' } },
      {
        kind: 'record',
        record: `rec:v${n}`,
        expr: draw.pick([selector, `${selector} * 2`, `${selector} > 1`]),
        labels,
      },
    ]
  }

  #alert(alert: string, before: readonly RulePlan[]): RulePlan {
    const draw = this.#draw
    const isSlow = this.#is('for', 'everything') || draw.chance(0.25)
    const isKept = this.#is('keep_firing_for') || (this.#is('everything', 'for') && draw.chance(0.4))
    return {
      kind: 'alert',
      alert: draw.chance(0.1) ? `${alert} (ü)` : alert,
      expr: this.#expression(before),
      for: isSlow ? draw.pick([0.5, 1, 2, 3]) : 0,
      keepFiringFor: isKept ? draw.pick([0.5, 1, 2, 4]) : 0,
      labels: this.#labels(),
      annotations: annotationsOf(draw, this.#selector, this.#is('templates') ? draw.int(6, 12) : draw.int(0, 3)),
    }
  }

  #labels(): Record<string, string> {
    const draw = this.#draw
    const own = { scenario: String(this.#seed) }
    if (!this.#is('labels', 'templates', 'errors', 'everything')) {
      return { ...own, ...(draw.chance(0.3) ? { severity: draw.pick(['critical', 'low']) } : {}) }
    }
    const names = draw.some(['severity', 'i', 'host', 'region', 'alertname', 'extra', 'job'], draw.int(1, 4))
    return { ...Object.fromEntries(names.map((name) => [name, labelText(draw)])), ...own }
  }

  #expression(before: readonly RulePlan[]): string {
    const draw = this.#draw
    const selector = this.#selector
    const w = `w{scenario="${this.#seed}"}`
    const recorded = before.flatMap((rule) => (rule.kind === 'record' ? [rule.record] : []))
    const common = [
      `${selector} > 3`,
      `${selector} > bool 3 == 1`,
      `sum by (scenario, i) (${selector}) > 3`,
      `count by (scenario) (${selector} > 3) > 1`,
      `${selector} > 3 unless ${selector} > 1000`,
      `max_over_time(${selector}[«1.5»]) > 3`,
      `min_over_time(${selector}[«2.5»]) > 3`,
      `changes(${selector}[«2.5»]) > 1`,
      `${selector} > (${selector} offset «1»)`,
      `{__name__=~"v|w", scenario="${this.#seed}"} > 3`,
      `-${selector} < -3 and on (scenario) ${w}`,
    ]
    const started = `and on () compare_step >= 0`
    switch (this.#theme) {
      case 'absent':
        return draw.pick([
          `absent(v{scenario="${this.#seed}", i="a"}) ${started}`,
          `absent(v{scenario="${this.#seed}", i=~"b|z", host="web-b"}) ${started}`,
          `absent_over_time(v{scenario="${this.#seed}", i="b"}[«1.5»]) ${started}`,
          `absent(sum by (i) (${selector} > 3)) ${started}`,
          `count(${selector}) < 2 or absent(${selector}) ${started}`,
          ...common.slice(0, 2),
        ])
      case 'numbers that are none':
        return draw.pick([
          `${selector} != 1`,
          `${selector} / 0 > 1`,
          `${selector} == ${selector}`,
          ...common.slice(0, 6),
        ])
      case 'errors':
        return draw.pick([
          `${selector} > 3 and on (scenario) (${selector} * on (scenario) group_left ${w})`,
          `${selector} * on (scenario) group_left ${w} > 3`,
          `label_replace(${selector}, "i", "one", "", "") > 3`,
          ...common.slice(0, 3),
        ])
      case 'recording rules and groups':
      case 'everything': {
        const flaky = [`up{job="flaky"} == 0 ${started}`, `flaky_value > 3`, `flaky_value offset «1» > 3`]
        const ofRecords = recorded.flatMap((record) => [`${record}{scenario="${this.#seed}"} > 3`])
        const earlier = [`rec:sum0{scenario="${this.#seed}"} offset «0.5» > 8`]
        return draw.pick([...ofRecords, ...ofRecords, ...earlier, ...flaky, ...common])
      }
      case 'for':
      case 'keep_firing_for':
      case 'limit':
      case 'templates':
      case 'labels':
      case 'flapping':
      case 'vanishing series':
        return draw.pick(common)
    }
  }

  /** What fires because something else fires, or waits. */
  #alertOfAlerts(n: number, before: readonly RulePlan[]): RulePlan {
    const draw = this.#draw
    const names = before.flatMap((rule) => (rule.kind === 'alert' ? [rule.alert] : []))
    const where = `scenario="${this.#seed}", alertname="${draw.pick(names)}"`
    return {
      kind: 'alert',
      alert: `Of${n}`,
      expr: draw.pick([
        `count by (scenario, alertstate) (ALERTS{${where}})`,
        `ALERTS{${where}, alertstate="firing"}`,
        `ALERTS{${where}, alertstate="pending"} unless on (i) ALERTS{alertstate="firing", ${where}}`,
      ]),
      for: draw.pick([0, 0, 1]),
      keepFiringFor: 0,
      labels: { scenario: String(this.#seed), of: 'alerts' },
      annotations: { which: '{{ $labels.alertstate }} {{ $labels.alertname }} {{ $value }}' },
    }
  }
}
