import { Draw } from '../draw.ts'
import type {
  Labelled,
  TellingEvent,
  TellingScenario,
  WrittenAlert,
  WrittenInhibitRule,
  WrittenMatcher,
  WrittenReceiver,
  WrittenRoute,
} from './scenario.ts'
import { MARGIN_MS, raceIn } from './tick-model.ts'

/** What a scenario is mostly about. Seeds go round, so that a dozen of them has each once. */
const THEMES = [
  'groups',
  'repeat',
  'continue',
  'inhibition',
  'silences',
  'time intervals',
  'timeouts',
  'resolve and fire again',
  'send_resolved and max_alerts',
  'old and unknown alerts',
  'nested routes',
  'everything',
] as const
type Theme = (typeof THEMES)[number]

const LAST_EVENT_MS = 7500
const FAR_MS = 600_000
const NAMES = ['Down', 'Slow', 'Full'] as const
const TEAMS = ['shop', 'pay', ''] as const
const SEVERITIES = ['critical', 'warning', 'info'] as const

type Kind = 'fire' | 'resolve' | 'again' | 'silence' | 'change silence' | 'expire' | 'unknown'

/** How often each thing happens, by theme; what is not there does not happen. */
const WEIGHTS: Readonly<Record<Theme, Partial<Record<Kind, number>>>> = {
  groups: { fire: 4, resolve: 2, again: 1 },
  repeat: { fire: 1, resolve: 1 },
  continue: { fire: 3, resolve: 2 },
  inhibition: { fire: 4, resolve: 3, again: 1 },
  silences: { fire: 3, resolve: 1, silence: 3, 'change silence': 2, expire: 2 },
  'time intervals': { fire: 3, resolve: 2 },
  timeouts: { fire: 3, again: 2, resolve: 1 },
  'resolve and fire again': { fire: 3, resolve: 4, again: 1 },
  'send_resolved and max_alerts': { fire: 4, resolve: 3 },
  'old and unknown alerts': { fire: 3, resolve: 2, unknown: 3 },
  'nested routes': { fire: 4, resolve: 2, again: 1 },
  everything: { fire: 4, resolve: 3, again: 1, silence: 2, 'change silence': 1, expire: 1, unknown: 1 },
}

/** The scenario of a seed; the same seed gives the same one. */
export function tellingScenario(seed: number): TellingScenario {
  const theme = THEMES[((seed % THEMES.length) + THEMES.length) % THEMES.length] as Theme
  const draw = new Draw(seed * 7919 + 17)
  const receivers = receiversFor(theme, draw)
  const inhibits = theme === 'inhibition' || (theme === 'everything' && draw.chance(0.5))
  const route = rootFor(theme, inhibits, receivers, draw)
  const inhibitRules = inhibits ? inhibition(draw) : []
  const frame = { route, receivers, inhibitRules }
  let events = new Story(theme, frame, draw).tell()
  let endMs = endOf(events, frame)
  while (endMs === undefined) {
    events = events.slice(0, -1)
    endMs = endOf(events, frame)
  }
  return { seed, about: theme, ...frame, events, endMs }
}

type Frame = Pick<TellingScenario, 'route' | 'receivers' | 'inhibitRules'>

function receiversFor(theme: Theme, draw: Draw): WrittenReceiver[] {
  const isAbout = theme === 'send_resolved and max_alerts' || theme === 'everything'
  const webhook = () => ({
    sendResolved: isAbout ? draw.chance(0.6) : true,
    maxAlerts: isAbout && draw.chance(0.5) ? draw.int(1, 3) : 0,
  })
  return ['team', 'on-call (+)', 'b.c', 'audit "x"'].map((name) => ({
    name,
    webhooks: isAbout && draw.chance(0.5) ? [webhook(), webhook()] : [webhook()],
  }))
}

function timers(theme: Theme, draw: Draw): Pick<WrittenRoute, 'waitMs' | 'intervalMs' | 'repeatMs'> {
  const intervalMs = draw.pick(theme === 'repeat' ? [1000, 1200] : [1400, 2000, 2600])
  const waitMs = draw.pick(theme === 'old and unknown alerts' ? [500, 3000] : [0, 500, 700, 1100])
  // Half an interval is left over, so that it is plain at which look the time is over.
  const repeatMs = theme === 'repeat' ? intervalMs * draw.int(0, 2) + intervalMs / 2 : FAR_MS
  return { waitMs, intervalMs, repeatMs }
}

function rootFor(
  theme: Theme,
  inhibits: boolean,
  receivers: readonly WrittenReceiver[],
  draw: Draw,
): TellingScenario['route'] {
  const name = () => draw.pick(receivers).name
  // Not `[]`: a route below the first one that says so groups by nothing since Alertmanager 0.31, and as its parent before.
  const groupBy = () =>
    draw.pick([['alertname'], ['team'], ['alertname', 'team'], ['...'], ['nothing'], ['severity', 'nothing']])
  const root = { receiver: name(), groupBy: groupBy(), ...timers(theme, draw) }
  // Where alerts inhibit each other, it must be clear which of them came first.
  const base = inhibits ? { ...root, waitMs: Math.max(root.waitMs ?? 0, 500) } : root
  const child = (depth: number): WrittenRoute => ({
    ...(draw.chance(0.8) ? { receiver: name() } : {}),
    matchers: draw.some(MATCHERS, draw.int(1, 2)),
    ...(draw.chance(theme === 'continue' ? 0.7 : 0.2) ? { continue: true } : {}),
    ...(draw.chance(0.4) ? { groupBy: groupBy() } : {}),
    ...(draw.chance(0.3) && !inhibits ? timers(theme, draw) : {}),
    ...(theme === 'time intervals' ? intervalsFor(draw) : {}),
    ...(depth > 0 && draw.chance(0.6) ? { routes: [child(depth - 1), child(depth - 1)] } : {}),
  })
  switch (theme) {
    case 'groups':
    case 'repeat':
    case 'timeouts':
    case 'resolve and fire again':
    case 'old and unknown alerts':
    case 'send_resolved and max_alerts':
      return draw.chance(0.5) ? base : { ...base, routes: [child(0)] }
    case 'nested routes':
      return { ...base, routes: [child(2), child(1)] }
    case 'continue':
    case 'inhibition':
    case 'silences':
    case 'time intervals':
    case 'everything':
      return { ...base, routes: Array.from({ length: draw.int(1, 3) }, () => child(1)) }
  }
}

const MATCHERS: readonly WrittenMatcher[] = [
  { name: 'severity', op: '=', value: 'critical' },
  { name: 'severity', op: '!=', value: 'info' },
  { name: 'severity', op: '=~', value: 'warn.*|info' },
  { name: 'team', op: '=', value: 'shop' },
  { name: 'team', op: '=', value: '' },
  { name: 'team', op: '!~', value: 'pa|pay' },
  { name: 'alertname', op: '=~', value: 'Down|Full' },
  { name: 'instance', op: '=~', value: '.+' },
]

function intervalsFor(draw: Draw): Pick<WrittenRoute, 'mute' | 'active'> {
  return draw.pick([
    { mute: ['always'] as const },
    { mute: ['never'] as const },
    { active: ['never'] as const },
    { active: ['never', 'century'] as const },
    { mute: ['never', 'century'] as const, active: ['always'] as const },
    {},
  ])
}

function inhibition(draw: Draw): WrittenInhibitRule[] {
  const equal = () => draw.pick([['team'], ['alertname', 'team'], [], ['nothing']])
  return [
    {
      source: [{ name: 'severity', op: '=', value: 'critical' }],
      target: [{ name: 'severity', op: '=~', value: 'warning|info' }],
      equal: equal(),
    },
    ...(draw.chance(0.6) ? [{ source: [draw.pick(MATCHERS)], target: [draw.pick(MATCHERS)], equal: equal() }] : []),
  ]
}

/** Puts event behind event, each so that it is plain before or after every look at a group. */
class Story {
  readonly #theme: Theme
  readonly #frame: Frame
  readonly #draw: Draw
  readonly #pool: readonly Labelled[]
  readonly #firing = new Map<Labelled, number>()
  readonly #known = new Set<Labelled>()
  readonly #silences = new Map<string, Extract<TellingEvent, { kind: 'silence' }>>()
  #events: readonly TellingEvent[] = []

  constructor(theme: Theme, frame: Frame, draw: Draw) {
    this.#theme = theme
    this.#frame = frame
    this.#draw = draw
    this.#pool = Array.from({ length: draw.int(4, 7) }, (_, i) => this.#labels(i))
  }

  tell(): readonly TellingEvent[] {
    const draw = this.#draw
    for (let tries = 0; this.#events.length === 0; tries++) {
      if (tries > 1000) throw new Error(`no first event of ${this.#theme} is free of races`)
      this.#next('fire', 0, 0)
    }
    let atMs = 0
    while (atMs < LAST_EVENT_MS) {
      atMs = this.#events.at(-1)?.atMs ?? 0
      const weights = WEIGHTS[this.#theme]
      const kinds = Object.entries(weights).flatMap(([kind, weight]) => Array<Kind>(weight).fill(kind as Kind))
      const before = this.#events.length
      for (let tries = 0; tries < 60 && this.#events.length === before; tries++) {
        this.#next(draw.pick(kinds), atMs + MARGIN_MS + 100 * draw.int(0, 5), atMs + MARGIN_MS + 100 * draw.int(6, 20))
      }
      if (this.#events.length === before) break
    }
    return this.#events
  }

  /** Adds an event of that kind at the first good moment, where there is one. */
  #next(kind: Kind, earliestMs: number, latestMs: number): void {
    const make = this.#plan(kind)
    if (make === undefined) return
    for (let atMs = earliestMs; atMs <= Math.min(latestMs, LAST_EVENT_MS); atMs += 100) {
      const event = make(atMs)
      const events = [...this.#events, event]
      if (raceIn({ ...this.#frame, events, endMs: Number.POSITIVE_INFINITY }) !== undefined) continue
      this.#events = events
      this.#remember(event)
      return
    }
  }

  #remember(event: TellingEvent): void {
    if (event.kind === 'silence') this.#silences.set(event.key, event)
    if (event.kind === 'expire') this.#silences.delete(event.key)
    if (event.kind !== 'post') return
    for (const { labels, startsMs = event.atMs, endsMs } of event.alerts) {
      this.#known.add(labels)
      if (endsMs !== undefined && endsMs <= event.atMs) this.#firing.delete(labels)
      else this.#firing.set(labels, startsMs)
    }
  }

  #plan(kind: Kind): ((atMs: number) => TellingEvent) | undefined {
    const draw = this.#draw
    const firing = [...this.#firing.keys()]
    const rest = this.#pool.filter((labels) => !this.#firing.has(labels))
    switch (kind) {
      case 'fire': {
        if (rest.length === 0) return undefined
        const chosen = draw.some(rest, this.#events.length === 0 ? draw.int(1, 4) : draw.int(1, 2))
        const isOld = this.#theme === 'old and unknown alerts' && draw.chance(0.5)
        // Alertmanager remembers for half an hour when an alert that is over began; midwatch does not.
        const plans = chosen.map((labels) => this.#firingPlan(labels, isOld && !this.#known.has(labels)))
        return (atMs) => ({ kind: 'post', atMs, alerts: plans.map((plan) => plan(atMs)) })
      }
      case 'again': {
        if (firing.length === 0) return undefined
        const plans = draw.some(firing, 2).map((labels) => {
          const startsMs = this.#firing.get(labels) as number
          const plan = this.#firingPlan(labels, false)
          return (atMs: number) => ({ ...plan(atMs), startsMs })
        })
        return (atMs) => ({ kind: 'post', atMs, alerts: plans.map((plan) => plan(atMs)) })
      }
      case 'resolve': {
        if (firing.length === 0) return undefined
        const chosen = draw.some(firing, draw.int(1, 2))
        return (atMs) => ({ kind: 'post', atMs, alerts: chosen.map((labels) => this.#ended(labels, atMs)) })
      }
      case 'unknown': {
        if (rest.length === 0) return undefined
        const labels = draw.pick(rest)
        const ageMs = draw.pick([400, 5000])
        return (atMs) => ({
          kind: 'post',
          atMs,
          alerts: [{ ...this.#ended(labels, atMs - 100), startsMs: atMs - ageMs }],
        })
      }
      case 'silence': {
        const key = String(this.#silences.size + this.#events.length)
        const matchers = draw.some(MATCHERS, draw.int(1, 2)).filter(({ op, value }) => op !== '=' || value !== '')
        if (matchers.every(({ op, value }) => op === '!=' || op === '!~' || value === '')) return undefined
        const delayMs = draw.pick([0, 0, 700])
        const lengthMs = draw.pick([2200, 3700, FAR_MS])
        const base = { kind: 'silence' as const, key, matchers }
        return (atMs) => ({ ...base, atMs, startsMs: atMs + delayMs, endsMs: atMs + delayMs + lengthMs })
      }
      case 'change silence': {
        const known = [...this.#silences.values()]
        if (known.length === 0) return undefined
        const { key, matchers, startsMs } = draw.pick(known)
        const others = draw.chance(0.3) ? [{ name: 'alertname', op: '=~', value: '.+' } as const] : matchers
        const lengthMs = draw.pick([1300, 2900])
        return (atMs) => ({ kind: 'silence', atMs, key, matchers: others, startsMs, endsMs: atMs + lengthMs })
      }
      case 'expire': {
        const open = [...this.#silences.values()].filter(({ endsMs }) => endsMs >= FAR_MS)
        if (open.length === 0) return undefined
        const { key } = draw.pick(open)
        return (atMs) => ({ kind: 'expire', atMs, key })
      }
    }
  }

  #firingPlan(labels: Labelled, isOld: boolean): (atMs: number) => WrittenAlert {
    const draw = this.#draw
    const isOpen = this.#theme === 'timeouts' ? draw.chance(0.7) : draw.chance(0.15)
    const lengthMs = this.#theme === 'timeouts' && draw.chance(0.5) ? 100 * draw.int(12, 30) : FAR_MS
    const leavesStart = !isOld && draw.chance(0.2)
    const ageMs = isOld ? draw.pick([1500, 5000]) : 0
    const annotations: Labelled = {
      summary: `${labels.alertname} <&> ${labels.instance ?? 'somewhere'}`,
      ...(draw.chance(0.5) ? { note: draw.pick(['one', 'two\nlines', '']) } : {}),
    }
    const generatorUrl = draw.pick(['', 'https://g.example.org/graph?g0.expr=up+%3D%3D+0&g0.tab=1'])
    return (atMs) => ({
      labels,
      annotations,
      startsMs: leavesStart ? undefined : atMs - ageMs,
      endsMs: isOpen ? undefined : atMs + lengthMs,
      generatorUrl,
    })
  }

  #ended(labels: Labelled, atMs: number): WrittenAlert {
    const startsMs = this.#firing.get(labels) ?? atMs
    return { labels, annotations: { summary: 'over' }, startsMs, endsMs: atMs, generatorUrl: '' }
  }

  #labels(i: number): Labelled {
    const draw = this.#draw
    const team = draw.pick(TEAMS)
    return {
      alertname: draw.pick(NAMES),
      severity: draw.pick(SEVERITIES),
      ...(team === '' ? {} : { team }),
      ...(draw.chance(0.7) ? { instance: `web-${i}:9100` } : { n: String(i) }),
      ...(draw.chance(0.4) ? { job: draw.pick(['node', 'app']) } : {}),
      ...(draw.chance(0.2) ? { zone: 'ü "x"' } : {}),
    }
  }
}

/** Late enough for everything to be told, and between two looks; undefined where there is no such moment. */
function endOf(events: readonly TellingEvent[], frame: Frame): number | undefined {
  const lastMs = events.at(-1)?.atMs ?? 0
  for (let endMs = lastMs + 2800; endMs < lastMs + 5000; endMs += 100) {
    if (raceIn({ ...frame, events, endMs }) === undefined) return endMs
  }
  return undefined
}
