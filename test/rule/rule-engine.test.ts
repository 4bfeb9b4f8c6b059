import { describe, expect, test, vi } from 'vitest'
import type { AlertInstance, SentAlert } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'
import type { RuleGroup } from '../../src/model/rule.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { queryStore } from '../../src/rule/query.ts'
import { type EvaluationResult, RuleEngine } from '../../src/rule/rule-engine.ts'
import { MemorySeries } from '../../src/rule/unit-test/memory-series.ts'
import { series } from '../support/test-store.ts'

const START = Date.UTC(2026, 0, 1)
const S = 1000
const M = 60_000

function groupsOf(text: string): readonly RuleGroup[] {
  const { groups, problems } = readRuleFile(text, 'test.yml')
  expect(problems).toEqual([])
  return groups
}

/** A rule engine over series in memory, whose ticks a test makes. */
class Bench {
  store: MemorySeries
  readonly results: EvaluationResult[] = []
  readonly errors: string[] = []
  readonly engine: RuleEngine
  nowMs = START
  #tickedMs: number | undefined
  /** Held queries go on when it resolves. */
  gate: Promise<void> = Promise.resolve()

  constructor(
    rules: string,
    options: Partial<ConstructorParameters<typeof RuleEngine>[0]> = {},
    store: MemorySeries = new MemorySeries(),
  ) {
    this.store = store
    this.engine = new RuleEngine(
      {
        query: async (expression, atMs, shared) => {
          await this.gate
          return queryStore(this.store, expression, atMs, { shared })
        },
        sink: {
          ref: (labels) => this.store.ref(labels),
          append: (batch, onRefused) => this.store.append(batch, onRefused),
          describe: () => {},
        },
        onResult: (result) => void this.results.push(result),
        onError: (error, rule) => void this.errors.push(`${rule}: ${(error as Error).message}`),
        externalUrl: 'http://watch.example.org',
        ...options,
      },
      groupsOf(rules),
    )
  }

  /** A new sample: at the time of the tick to come, or just behind the last one. */
  set(name: string, value: number | 'stale', labels: Record<string, string> = {}): void {
    const timeMs = this.nowMs === this.#tickedMs ? this.nowMs + 1 : this.nowMs
    const ref = this.store.ref(series(name, labels))
    this.store.add(ref, timeMs, value === 'stale' ? Number.NaN : value, value === 'stale')
  }

  /** Moves on by `ms` and ticks. */
  async tick(ms: number): Promise<void> {
    this.nowMs += ms
    this.#tickedMs = this.nowMs
    await this.engine.tick(this.nowMs)
  }

  get alerts(): readonly AlertInstance[] {
    return this.engine.groups.flatMap(({ rules }) => rules.flatMap(({ alerts }) => alerts))
  }

  get states(): string[] {
    return this.alerts.map(({ state }) => state)
  }

  get sent(): readonly SentAlert[] {
    return this.results.flatMap(({ sent }) => sent)
  }

  /** Whole seconds since the start of everything that was sent, as `firing 15` or `resolved 30`. */
  sentAt(): string[] {
    return this.results.flatMap(({ nowMs, sent }) =>
      sent.map(({ endsAtMs }) => `${endsAtMs <= nowMs ? 'resolved' : 'firing'} ${(nowMs - START) / S}`),
    )
  }

  /** The series of a name now, as Prometheus would show them; markers and what is older than 5 min hide. */
  async now(expr: string): Promise<string[]> {
    const found = await queryStore(this.store, expr, this.nowMs)
    return found.map(({ labels, value }) => `${labels} ${value}`).sort()
  }
}

const rule = (body: string, group = 'interval: 15s') => `
groups:
  - name: g
    ${group}
    rules:
      - ${body.split('\n').join('\n        ')}
`

describe('an alert', () => {
  test('without a waiting time fires in the evaluation that finds it', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0'))
    bench.set('x', 1, { i: '1' })
    await bench.tick(0)
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, firedAtMs: START, value: 1 }])
    expect(bench.sent).toMatchObject([{ startsAtMs: START, endsAtMs: START + 4 * M }])
    expect(bench.sent[0]?.labels).toEqual(Labels.of({ alertname: 'A', i: '1' }))
    expect(bench.sent[0]?.generatorUrl).toBe('http://watch.example.org/graph?g0.expr=x+%3E+0&g0.tab=1')
  })

  test('waits for as long as `for`, counted from when it was first seen, and starts when it fires', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nfor: 30s'))
    bench.set('x', 1)
    await bench.tick(0)
    await bench.tick(15 * S)
    expect(bench.states).toEqual(['pending'])
    expect(bench.sent).toEqual([])
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, firedAtMs: START + 30 * S }])
    expect(bench.sent).toMatchObject([{ startsAtMs: START + 30 * S }])
  })

  test('with `for` shorter than the interval fires at the second look', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nfor: 1s'))
    bench.set('x', 1)
    await bench.tick(0)
    expect(bench.states).toEqual(['pending'])
    await bench.tick(15 * S)
    expect(bench.states).toEqual(['firing'])
  })

  test('that is pending and missing once is forgotten, and begins anew', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nfor: 30s'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.set('x', 0)
    await bench.tick(15 * S)
    expect(bench.alerts).toEqual([])
    bench.set('x', 1)
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ state: 'pending', activeAtMs: START + 30 * S }])
    expect(bench.results.flatMap(({ events }) => events.map(({ kind }) => kind))).toEqual([
      'pending',
      'forgotten',
      'pending',
    ])
    expect(bench.results[1]?.removals).toHaveLength(1)
  })

  test('is sent again only later than a minute after: every 75 s at an interval of 15 s', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0'))
    for (let i = 0; i <= 20; i++) {
      bench.set('x', 1)
      await bench.tick(i === 0 ? 0 : 15 * S)
    }
    expect(bench.sentAt()).toEqual(['firing 0', 'firing 75', 'firing 150', 'firing 225', 'firing 300'])
  })

  test('is sent every two minutes at an interval of one, and holds for four intervals when they are longer', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0', 'interval: 2m'))
    for (let i = 0; i < 4; i++) {
      bench.set('x', 1)
      await bench.tick(i === 0 ? 0 : 2 * M)
    }
    expect(bench.sentAt()).toEqual(['firing 0', 'firing 120', 'firing 240', 'firing 360'])
    expect(bench.sent[0]?.endsAtMs).toBe(START + 8 * M)
  })

  test('of a group without interval holds for four times the time between ticks', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0', 'limit: 0'), { spacingMs: () => 5 * M })
    bench.set('x', 1)
    await bench.tick(0)
    expect(bench.sent[0]?.endsAtMs).toBe(START + 20 * M)
  })

  test('that is over is sent as resolved at once, again for 15 minutes, and then forgotten', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0', 'interval: 1m'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.set('x', 0)
    await bench.tick(M)
    expect(bench.alerts).toMatchObject([{ state: 'inactive', resolvedAtMs: START + M }])
    expect(bench.sent[1]).toMatchObject({ startsAtMs: START, endsAtMs: START + M })
    for (let i = 0; i < 20; i++) await bench.tick(M)
    expect(bench.sentAt()).toEqual([
      'firing 0',
      ...[60, 180, 300, 420, 540, 660, 780, 900].map((second) => `resolved ${second}`),
    ])
    expect(bench.alerts).toEqual([])
    expect(bench.results.at(-1)?.removals).toHaveLength(1)
  })

  test('that comes back soon is a new one', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.set('x', 0)
    await bench.tick(15 * S)
    bench.set('x', 1)
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START + 30 * S, resolvedAtMs: undefined }])
    expect(bench.sentAt()).toEqual(['firing 0', 'resolved 15', 'firing 30'])
  })

  test('with keep_firing_for resolves when it has been missing for that long, with its last value', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nkeep_firing_for: 1m', 'interval: 1m'))
    bench.set('x', 7)
    await bench.tick(0)
    bench.set('x', 0)
    await bench.tick(M)
    expect(bench.alerts).toMatchObject([{ state: 'firing', keepFiringSinceMs: START + M, value: 7 }])
    await bench.tick(M)
    expect(bench.alerts).toMatchObject([{ state: 'inactive', resolvedAtMs: START + 2 * M, value: 7 }])
  })

  test('with keep_firing_for that is seen again goes on as if it had never been missing', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nkeep_firing_for: 1m', 'interval: 1m'))
    for (const value of [1, 0, 1, 0]) {
      bench.set('x', value)
      await bench.tick(bench.alerts.length === 0 ? 0 : M)
    }
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, keepFiringSinceMs: START + 3 * M }])
  })
})

describe('labels and annotations', () => {
  test('are templates that see the sample; an empty label goes, an empty annotation stays, alertname is the rule', async () => {
    const bench = new Bench(
      rule(`alert: A
expr: x > 0
labels:
  alertname: other
  severity: "{{ if eq $labels.tier \\"1\\" }}critical{{ else }}low{{ end }}"
  gone: "{{ $labels.nope }}"
  tier: ""
annotations:
  summary: "{{ $labels.__name__ }} of {{ .Labels.tier }} is {{ $value }}"
  empty: "{{ $labels.nope }}"`),
    )
    bench.set('x', 1.5, { tier: '1' })
    await bench.tick(0)
    expect(bench.alerts[0]?.labels).toEqual(Labels.of({ alertname: 'A', severity: 'critical' }))
    expect(bench.alerts[0]?.annotations).toEqual({ summary: 'x of 1 is 1.5', empty: '' })
    // Prometheus' own habit: the rule's labels as written show where the alert has none.
    expect(await bench.now('ALERTS')).toEqual([
      'ALERTS{alertname="A", alertstate="firing", gone="{{ $labels.nope }}", severity="critical"} 1',
    ])
  })

  test('a template that fails says so in its place, and the alert goes on', async () => {
    const bench = new Bench(rule(`alert: A\nexpr: x > 0\nannotations:\n  summary: "{{ humanizeDuration \\"x\\" }}"`))
    bench.set('x', 1)
    await bench.tick(0)
    expect(bench.alerts[0]?.annotations.summary).toMatch(/^<error expanding template: /)
    expect(bench.states).toEqual(['firing'])
  })

  test('two series that become one alert are an error, which changes no state and sends nothing', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nlabels:\n  i: same'))
    bench.set('x', 1, { i: '1' })
    await bench.tick(0)
    const before = bench.alerts
    bench.set('x', 1, { i: '2' })
    await bench.tick(15 * S)
    expect(bench.errors).toEqual(['g/A: vector contains metrics with the same labelset after applying alert labels'])
    expect(bench.engine.groups[0]?.rules[0]).toMatchObject({ health: 'err' })
    expect(bench.alerts).toEqual(before)
    expect(bench.sent).toHaveLength(1)
  })
})

describe('a rule that fails', () => {
  test('keeps its alerts, sends nothing, writes nothing, and the rules behind it go on', async () => {
    const bench = new Bench(`
groups:
  - name: g
    interval: 15s
    rules:
      - { alert: A, expr: x > on() y }
      - { record: after, expr: x }
`)
    bench.set('x', 1)
    bench.set('y', 0)
    await bench.tick(0)
    expect(bench.states).toEqual(['firing'])
    bench.set('y', 0, { twice: '1' })
    for (let i = 0; i < 8; i++) await bench.tick(15 * S)
    expect(bench.states).toEqual(['firing'])
    expect(bench.sentAt()).toEqual(['firing 0'])
    expect(bench.engine.groups[0]).toMatchObject({ failures: 8, iterations: 9 })
    expect(await bench.now('after')).toEqual(['after 1'])
    // No marker was written, so the series of its alerts end by themselves, after five minutes.
    expect(await bench.now('ALERTS')).toHaveLength(1)
  })

  test('a limit drops its alerts and says so', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0', 'limit: 1'))
    bench.set('x', 1, { i: '1' })
    await bench.tick(15 * S)
    bench.set('x', 1, { i: '2' })
    await bench.tick(15 * S)
    expect(bench.errors).toEqual(['g/A: exceeded limit of 1 with 2 alerts'])
    expect(bench.alerts).toEqual([])
    expect(bench.results.at(-1)).toMatchObject({ removals: [{ labels: expect.anything() }], sent: [] })
  })

  test('a recording rule over its limit, or with equal label sets, records nothing', async () => {
    const bench = new Bench(`
groups:
  - { name: limited, limit: 1, rules: [{ record: l, expr: x }] }
  - { name: equal, rules: [{ record: e, expr: x, labels: { i: "" } }] }
`)
    bench.set('x', 1, { i: '1' })
    bench.set('x', 1, { i: '2' })
    await bench.tick(15 * S)
    expect(bench.errors.sort()).toEqual([
      'equal/e: vector contains metrics with the same labelset after applying rule labels',
      'limited/l: exceeded limit of 1 with 2 series',
    ])
    expect(await bench.now('{__name__=~"l|e"}')).toEqual([])
  })
})

describe('a group', () => {
  test('evaluates its rules in order, each seeing what the one before has just recorded', async () => {
    const bench = new Bench(`
groups:
  - name: g
    interval: 15s
    rules:
      - { record: before, expr: middle }
      - { record: middle, expr: x * 2, labels: { __tmp: "{{ $value }}", i: "" } }
      - { record: after, expr: middle + 1 }
`)
    bench.set('x', 1, { i: '1' })
    await bench.tick(0)
    bench.set('x', 2, { i: '1' })
    await bench.tick(15 * S)
    // Labels of a recording rule are never templates.
    expect(await bench.now('middle')).toEqual(['middle{__tmp="{{ $value }}"} 4'])
    expect(await bench.now('before')).toEqual(['before{__tmp="{{ $value }}"} 2'])
    expect(await bench.now('after')).toEqual(['after{__tmp="{{ $value }}"} 5'])
  })

  test('looks once at what its rules have in common, and again at what one of them records', async () => {
    const bench = new Bench(`
groups:
  - name: g
    rules:
      - { record: before, expr: max(middle) }
      - { record: middle, expr: sum(x) }
      - { record: twice, expr: sum(x) + sum(x) }
      - { alert: High, expr: sum(x) > 1 and on () ALERTS }
      - { record: after, expr: max(middle) }
      - { record: firing, expr: 'count(ALERTS{alertname="High"}) or sum(x)' }
      - { record: again, expr: 'sum( x )' }
`)
    const select = vi.spyOn(bench.store, 'select')
    bench.set('x', 1)
    await bench.tick(0)
    expect(await bench.now('{__name__=~"after|twice|again|firing"}')).toEqual([
      'after 1',
      'again 1',
      'firing 1',
      'twice 2',
    ])
    select.mockClear()
    bench.set('x', 2)
    await bench.tick(M)
    // x, ALERTS before and after the alert, and middle before and after it was recorded.
    expect(select).toHaveBeenCalledTimes(5)
    expect(await bench.now('{__name__=~"before|after|twice|again"}')).toEqual([
      'after 2',
      'again 2',
      'before 1',
      'twice 4',
    ])
  })

  test('others get their turn while many rules are evaluated', async () => {
    const rules = Array.from({ length: 40 }, (_, i) => `{ record: r${i}, expr: x }`)
    const query = async () => {
      const endMs = performance.now() + 1
      while (performance.now() < endMs);
      return []
    }
    const bench = new Bench(`groups: [{ name: g, rules: [${rules.join(', ')}] }]`, { query })
    let turns = 0
    let isOver = false
    const others = () => {
      turns++
      if (!isOver) setImmediate(others)
    }
    setImmediate(others)
    await bench.tick(0)
    isOver = true
    expect(turns).toBeGreaterThan(5)
  })

  test('ends series that it no longer gives, at once: recorded ones, and an alert that left its state', async () => {
    const bench = new Bench(`
groups:
  - name: g
    interval: 15s
    rules:
      - { record: r, expr: x > 0 }
      - { alert: A, expr: x > 0, for: 15s }
`)
    bench.set('x', 1)
    await bench.tick(0)
    expect(await bench.now('ALERTS')).toEqual(['ALERTS{alertname="A", alertstate="pending"} 1'])
    await bench.tick(15 * S)
    expect(await bench.now('ALERTS')).toEqual(['ALERTS{alertname="A", alertstate="firing"} 1'])
    expect(await bench.now('ALERTS_FOR_STATE')).toEqual([`ALERTS_FOR_STATE{alertname="A"} ${START / 1000}`])
    bench.set('x', 0)
    await bench.tick(15 * S)
    expect(await bench.now('{__name__=~"r|ALERTS|ALERTS_FOR_STATE"}')).toEqual([])
  })

  test('is evaluated at the slots of its interval, whatever the ticks, and says how many it missed', async () => {
    const bench = new Bench(rule('record: t\nexpr: time()', 'interval: 1m'))
    const values: number[] = []
    for (const second of [0, 15, 59, 61, 75, 130, 330]) {
      bench.nowMs = START + second * S
      await bench.engine.tick(bench.nowMs)
      const last = bench.engine.groups[0]?.lastEvaluationMs as number
      values.push((last - START) / S)
    }
    expect(values).toEqual([0, 0, 0, 60, 60, 120, 300])
    expect(bench.engine.groups[0]).toMatchObject({ iterations: 4, missed: 2 })
  })

  test('queries and records at its offset, and judges at the slot', async () => {
    const bench = new Bench(`
groups:
  - name: g
    interval: 15s
    query_offset: 10s
    rules:
      - { record: t, expr: time() }
      - { alert: A, expr: vector(1) }
`)
    await bench.tick(15 * S)
    expect(await bench.now('t')).toEqual([`t ${START / 1000 + 5}`])
    expect(await bench.now('timestamp(t)')).toEqual([`{} ${START / 1000 + 5}`])
    expect(bench.alerts).toMatchObject([{ activeAtMs: START + 15 * S }])
  })

  test('is never evaluated twice at once; each slot that passes meanwhile is missed, and counted once', async () => {
    const bench = new Bench(`
groups:
  - { name: interval, interval: 1m, rules: [{ record: a, expr: x }] }
  - { name: ticks, rules: [{ record: b, expr: x }] }
`)
    bench.set('x', 1)
    let open = () => {}
    bench.gate = new Promise((resolve) => {
      open = resolve
    })
    const first = bench.tick(0)
    for (const second of [15, 30, 45, 60, 75, 120]) await bench.engine.tick(START + second * S)
    open()
    await first
    await bench.engine.tick(START + 180 * S)
    const [interval, ticks] = bench.engine.groups
    expect(interval).toMatchObject({ iterations: 2, missed: 2 })
    expect(ticks).toMatchObject({ iterations: 2, missed: 6 })
  })

  test('does not hold up another one that is slow, and an error in what follows a result ends no tick', async () => {
    const onResult = vi.fn(() => {
      throw new Error('not today')
    })
    const bench = new Bench(rule('alert: A\nexpr: x > 0'), { onResult })
    bench.set('x', 1)
    await bench.tick(0)
    expect(onResult).toHaveBeenCalledOnce()
    expect(bench.errors).toEqual(['g: not today'])
    await bench.tick(15 * S)
    expect(bench.engine.groups[0]).toMatchObject({ iterations: 2 })
  })
})

describe('a clock that is put back an hour', () => {
  test('stops no group: what fires goes on, what is over is sent as resolved, what is new fires', async () => {
    const bench = new Bench(rule('alert: A\nexpr: x > 0\nfor: 30s'))
    const run = async (values: Record<string, number>) => {
      for (const [i, value] of Object.entries(values)) bench.set('x', value, { i })
      await bench.tick(15 * S)
    }
    await run({ 1: 1, 2: 1, 3: 0 })
    await run({ 1: 1, 2: 1, 3: 0 })
    await run({ 1: 1, 2: 1, 3: 0 })
    expect(bench.states).toEqual(['firing', 'firing'])
    await run({ 1: 1, 2: 1, 3: 1 })
    bench.nowMs -= 60 * M
    const sentBefore = bench.sent.length
    // Series in memory grow at their end only: those of before the jump make room for those after it.
    bench.store = new MemorySeries()
    for (let i = 0; i < 4; i++) await run({ 1: 1, 2: 0, 3: 1 })
    expect(bench.engine.groups[0]?.iterations).toBe(8)
    const stateOf = Object.fromEntries(bench.alerts.map(({ labels, state }) => [labels.get('i'), state]))
    expect(stateOf).toEqual({ 1: 'firing', 2: 'inactive', 3: 'firing' })
    const after = bench.sent.slice(sentBefore).map(({ labels }) => labels.get('i'))
    expect(after).toEqual(['2', '3'])
  })
})

describe('a reload', () => {
  const withRules = (...bodies: string[]) => `groups: [{ name: g, interval: 15s, rules: [${bodies.join(', ')}] }]`

  test('leaves a group that is the same alone', async () => {
    const text = withRules('{ alert: A, expr: x > 0, for: 1m }')
    const bench = new Bench(text)
    bench.set('x', 1)
    await bench.tick(0)
    bench.engine.update(groupsOf(text))
    expect(bench.engine.groups[0]?.iterations).toBe(1)
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ activeAtMs: START }])
  })

  test('carries alerts of rules over that have the same name and labels, and sends them no sooner', async () => {
    const bench = new Bench(withRules('{ alert: A, expr: x > 0 }'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.engine.update(groupsOf(withRules('{ record: r, expr: x }', '{ alert: A, expr: x > 0.5 }')))
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, firedAtMs: START }])
    expect(bench.sentAt()).toEqual(['firing 0'])
  })

  test('that raises `for` makes what fires wait again; one that has waited long enough goes on', async () => {
    const bench = new Bench(withRules('{ alert: A, expr: x > 0 }'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.engine.update(groupsOf(withRules('{ alert: A, expr: x > 0, for: 1m }')))
    await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([{ state: 'pending', firedAtMs: undefined, lastSentAtMs: undefined }])
    await bench.tick(45 * S)
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, firedAtMs: START + M }])
  })

  test('ends the series of rules and groups that are gone, and forgets their alerts', async () => {
    const bench = new Bench(withRules('{ record: r, expr: x }', '{ alert: A, expr: x > 0 }'))
    bench.set('x', 1)
    await bench.tick(0)
    bench.engine.update(groupsOf(withRules('{ record: r, expr: x }')))
    expect(bench.results.at(-1)?.removals.map(({ labels }) => labels.get('alertname'))).toEqual(['A'])
    await bench.tick(15 * S)
    expect(await bench.now('{__name__=~"ALERTS|ALERTS_FOR_STATE|r"}')).toEqual(['r 1'])
    bench.engine.update([])
    await bench.tick(15 * S)
    expect(await bench.now('r')).toEqual([])
  })
})

describe('a reload in the middle of an evaluation', () => {
  const text = (expr: string) => `groups: [{ name: g, rules: [{ alert: A, expr: "${expr}" }] }, { name: h, rules: [] }]`

  /** A group that waits for the answer to its query. */
  async function held() {
    const bench = new Bench(text('x > 0'))
    bench.set('x', 1)
    let release = () => {}
    bench.gate = new Promise((resolve) => {
      release = resolve
    })
    const ticked = bench.tick(0)
    return { bench, release, ticked }
  }

  test('waits for it, so that nothing it found is lost or told twice', async () => {
    const { bench, release, ticked } = await held()
    bench.engine.update(groupsOf(text('x > 0.5')))
    expect(bench.engine.groups.map(({ group }) => group.rules.map(({ expr }) => expr))).toEqual([['x > 0'], []])
    let isUpdated = false
    const updated = bench.engine.updated().then(() => {
      isUpdated = true
    })
    await Promise.resolve()
    expect(isUpdated).toBe(false)
    release()
    await ticked
    await updated
    expect(bench.engine.groups[0]?.group.rules[0]?.expr).toBe('x > 0.5')
    expect(bench.alerts).toMatchObject([{ state: 'firing', activeAtMs: START }])
    await bench.tick(15 * S)
    expect(bench.sentAt()).toEqual(['firing 0'])
  })

  test('forgets what the last evaluation of a group that goes has found', async () => {
    const { bench, release, ticked } = await held()
    bench.engine.update([])
    release()
    await ticked
    await bench.engine.updated()
    expect(bench.engine.groups).toEqual([])
    expect(bench.results.map(({ upserts, removals }) => [upserts.length, removals.length])).toEqual([
      [1, 0],
      [0, 1],
    ])
    await bench.tick(15 * S)
    expect(await bench.now('ALERTS')).toEqual([])
  })

  test('changes other groups when all are ready, and the last of several reloads counts', async () => {
    const { bench, release, ticked } = await held()
    bench.engine.update(groupsOf(text('x > 2')))
    bench.engine.update(groupsOf(text('x > 0').replace('name: h', 'name: i')))
    // The group that is being evaluated stays as it is: nothing has to wait for it.
    expect(bench.engine.groups.map(({ group }) => group.name)).toEqual(['g', 'i'])
    release()
    await ticked
    expect(bench.engine.groups[0]).toMatchObject({ iterations: 1 })
  })
})

describe('a sample that is refused', () => {
  const twice = `
groups:
  - name: g
    rules:
      - { record: r, expr: x }
      - { record: r, expr: x + 1 }
      - { record: after, expr: r }
`

  test('makes its rule unhealthy and says why, while the rules behind it go on', async () => {
    const bench = new Bench(twice)
    bench.set('x', 1)
    await bench.tick(0)
    expect(bench.engine.groups[0]?.rules.map(({ health, lastError }) => [health, lastError])).toEqual([
      ['ok', undefined],
      ['err', '1 of 1 samples were refused: duplicate sample for timestamp'],
      ['ok', undefined],
    ])
    expect(bench.errors).toEqual(['g/r: 1 of 1 samples were refused: duplicate sample for timestamp'])
    expect(await bench.now('after')).toEqual(['after 1'])
    // As in Prometheus: the evaluation itself worked.
    expect(bench.engine.groups[0]).toMatchObject({ failures: 0, iterations: 1 })
  })

  test('leaves the others of its rule in place, and ends no series that somebody else goes on with', async () => {
    const bench = new Bench(`
groups:
  - name: g
    rules:
      - { record: r, expr: 'x{i="1"}' }
      - { record: r, expr: 'x{i!="3"} + 1' }
`)
    for (const i of ['1', '2', '3']) bench.set('x', 1, { i })
    await bench.tick(0)
    expect(await bench.now('r')).toEqual(['r{i="1"} 1', 'r{i="2"} 2'])
    bench.set('x', 5, { i: '1' })
    bench.set('x', 'stale', { i: '2' })
    await bench.tick(15 * S)
    expect(await bench.now('r')).toEqual(['r{i="1"} 5'])
    expect(bench.errors).toHaveLength(2)
  })

  test('a limit of series refuses those beyond it and lets the others pass', async () => {
    const store = new MemorySeries()
    const bench = new Bench(
      'groups: [{ name: g, rules: [{ record: r, expr: x }] }]',
      {
        sink: {
          ref: (labels) => (labels.name === 'r' && labels.get('i') === '2' ? undefined : store.ref(labels)),
          append: (batch, onRefused) => store.append(batch, onRefused),
          describe: () => {},
        },
      },
      store,
    )
    for (const i of ['1', '2', '3']) bench.set('x', 1, { i })
    await bench.tick(0)
    expect(bench.errors).toEqual(['g/r: 1 of 3 samples were refused: over the limit of series'])
    expect(await bench.now('r')).toEqual(['r{i="1"} 1', 'r{i="3"} 1'])
    bench.set('x', 'stale', { i: '3' })
    await bench.tick(15 * S)
    expect(await bench.now('r')).toEqual(['r{i="1"} 1'])
  })
})

describe('a restart', () => {
  const text = rule('alert: A\nexpr: x > 0\nfor: 1m\nkeep_firing_for: 5m')

  const ruleKeyOf = ({ results }: Bench) => results.flatMap(({ upserts }) => upserts).at(-1)?.ruleKey ?? ''

  async function firing() {
    const bench = new Bench(text)
    bench.set('x', 1)
    for (const ms of [0, 15 * S, 45 * S, 15 * S]) await bench.tick(ms)
    return bench
  }

  test('goes on with every alert as it was: waiting, fired, sent', async () => {
    const before = await firing()
    const ruleKey = ruleKeyOf(before)
    const after = new Bench(text, { restored: new Map([[ruleKey, before.alerts]]) })
    expect(after.alerts).toEqual(before.alerts)
    after.nowMs = before.nowMs
    after.set('x', 1)
    await after.tick(15 * S)
    expect(after.alerts).toMatchObject([{ state: 'firing', activeAtMs: START, firedAtMs: START + M }])
    expect(after.sent).toEqual([])
    await after.tick(45 * S)
    expect(after.sentAt()).toEqual(['firing 135'])
  })

  test('ends series of alerts that are over by then', async () => {
    const before = await firing()
    const ruleKey = ruleKeyOf(before)
    const restored = new Map([[ruleKey, before.alerts]])
    const after = new Bench(rule('alert: A\nexpr: x > 0\nfor: 1m'), { restored }, before.store)
    after.nowMs = before.nowMs
    after.set('x', 0)
    await after.tick(15 * S)
    expect(await after.now('ALERTS')).toEqual([])
    expect(after.sentAt()).toEqual(['resolved 90'])
  })

  test('forgets alerts whose rule is gone', async () => {
    const before = await firing()
    const gone = new Bench(text, { restored: new Map([['another rule', before.alerts]]) })
    expect(gone.results).toMatchObject([{ removals: [{ ruleKey: 'another rule' }], sent: [] }])
  })
})

describe('an alert about something of which nothing is known', () => {
  const text = rule('alert: Down\nexpr: probe_success == 0\nfor: 1m\nkeep_firing_for: 1m')
  const shop = { check: 'shop', job: 'probe' }

  /** A rule engine that is told whether the shop is known. */
  function watched(rules = text) {
    const unknown = new Set<string>()
    const frozenBy = (labels: Labels) => {
      const check = labels.get('check')
      return unknown.has(check) ? `${check} is unknown: no way out` : undefined
    }
    const bench = new Bench(rules, { frozenBy })
    return {
      bench,
      /** As a check that can't be judged: its series ends. */
      lose(...names: string[]) {
        for (const name of names) {
          unknown.add(name)
          bench.set('probe_success', 'stale', { ...shop, check: name })
        }
      },
      find(value: 0 | 1, ...names: string[]) {
        for (const name of names) {
          unknown.delete(name)
          bench.set('probe_success', value, { ...shop, check: name })
        }
      },
      story: () => bench.results.flatMap(({ events }) => events.map(({ kind, detail }) => `${kind}: ${detail}`)),
    }
  }

  test('goes on firing and is said again, whatever the expression gives, and ends when it is known to be over', async () => {
    const { bench, lose, find, story } = watched()
    find(0, 'shop')
    for (const ms of [0, M]) await bench.tick(ms)
    expect(bench.states).toEqual(['firing'])
    lose('shop')
    for (let i = 0; i < 40; i++) await bench.tick(15 * S)
    expect(bench.alerts).toMatchObject([
      { state: 'firing', activeAtMs: START, firedAtMs: START + M, frozen: { reason: 'shop is unknown: no way out' } },
    ])
    expect(new Set(bench.sentAt().map((text) => text.split(' ')[0]))).toEqual(new Set(['firing']))
    expect(bench.sent.at(-1)?.endsAtMs).toBeGreaterThan(bench.nowMs)
    expect(await bench.now('ALERTS')).toEqual([
      'ALERTS{alertname="Down", alertstate="firing", check="shop", job="probe"} 1',
    ])
    find(1, 'shop')
    await bench.tick(15 * S)
    await bench.tick(M)
    expect(bench.sentAt().at(-1)).toMatch(/^resolved/)
    expect(story()).toEqual([
      'pending: the expression holds, value 0; it fires after 60 s',
      'firing: the expression has held for 60 s, value 0',
      'frozen: it stays firing: shop is unknown: no way out',
      'thawed: something is known again after 600 s',
      'resolved: the expression no longer holds, last value 0',
    ])
  })

  test('that waits does not come nearer to firing meanwhile, and needs the rest of its time afterwards', async () => {
    const { bench, lose, find } = watched()
    find(0, 'shop')
    for (const ms of [0, 30 * S]) await bench.tick(ms)
    lose('shop')
    for (let i = 0; i < 20; i++) await bench.tick(15 * S)
    expect(bench.states).toEqual(['pending'])
    find(0, 'shop')
    await bench.tick(15 * S)
    // 30 s before, 15 s until nothing was known, and now the rest.
    expect(bench.states).toEqual(['pending'])
    await bench.tick(15 * S)
    expect(bench.states).toEqual(['firing'])
    expect(bench.sent).toHaveLength(1)
  })

  test('that waits is forgotten without a word when all is well afterwards', async () => {
    const { bench, lose, find, story } = watched()
    find(0, 'shop')
    await bench.tick(0)
    lose('shop')
    for (let i = 0; i < 5; i++) await bench.tick(15 * S)
    find(1, 'shop')
    await bench.tick(15 * S)
    expect(bench.alerts).toEqual([])
    expect(bench.sent).toEqual([])
    expect(story().at(-1)).toBe('forgotten: the expression stopped holding before the waiting time was over')
  })

  test('does not begin meanwhile, even where old samples speak for it', async () => {
    const { bench, lose, find } = watched(rule('alert: Shaky\nexpr: avg_over_time(probe_success[10m]) < 0.5'))
    find(1, 'shop')
    await bench.tick(0)
    bench.nowMs += 9 * M
    find(0, 'shop')
    await bench.tick(0)
    expect(bench.alerts).toEqual([])
    lose('shop')
    await bench.tick(2 * M)
    expect(await bench.now('avg_over_time(probe_success[10m])')).toEqual(['{check="shop", job="probe"} 0'])
    expect(bench.alerts).toEqual([])
  })

  test('keeps the others of its rule as they are: they begin and end', async () => {
    const { bench, lose, find } = watched()
    find(0, 'shop', 'cart')
    for (const ms of [0, M]) await bench.tick(ms)
    lose('shop')
    find(1, 'cart')
    find(0, 'search')
    for (let i = 0; i < 10; i++) await bench.tick(15 * S)
    expect(Object.fromEntries(bench.alerts.map(({ labels, state }) => [labels.get('check'), state]))).toEqual({
      shop: 'firing',
      cart: 'inactive',
      search: 'firing',
    })
  })

  test('is judged all the same by a rule that asks for absence', async () => {
    const { bench, lose, find } = watched(rule('alert: Blind\nexpr: absent(probe_success{check="shop"})\nfor: 1m'))
    find(1, 'shop')
    await bench.tick(0)
    lose('shop')
    for (const ms of [15 * S, M]) await bench.tick(ms)
    expect(bench.alerts).toMatchObject([{ state: 'firing' }])
    expect(bench.alerts[0]?.frozen).toBeUndefined()
  })

  test('is asked about at the moment that the expression sees', async () => {
    const asked: number[] = []
    const bench = new Bench(rule('alert: A\nexpr: x > 0', 'query_offset: 30s'), {
      frozenBy: (_labels, atMs) => void asked.push(atMs),
    })
    bench.nowMs -= M
    bench.set('x', 1, { check: 'shop' })
    bench.nowMs += M
    await bench.tick(0)
    expect(new Set(asked)).toEqual(new Set([START - 30 * S]))
  })
})

test('the key of a rule stays the same when others of its file come and go', () => {
  const keyOf = (text: string) => {
    const results: EvaluationResult[] = []
    const bench = new Bench(text, { onResult: (result) => void results.push(result) })
    bench.set('x', 1)
    return bench.tick(0).then(() => results.flatMap(({ upserts }) => upserts.map(({ ruleKey }) => ruleKey)).at(-1))
  }
  const two = `groups: [{ name: g, rules: [{ record: r, expr: x }, { alert: A, expr: x > 0, labels: { b: "2", a: "1" } }] }]`
  const one = `groups: [{ name: g, rules: [{ alert: A, expr: x >= 0, labels: { a: "1", b: "2" } }] }]`
  return expect(Promise.all([keyOf(two), keyOf(one)])).resolves.toSatisfy(
    ([a, b]: string[]) => a === b && a !== undefined,
  )
})
