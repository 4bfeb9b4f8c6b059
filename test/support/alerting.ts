import { Labels } from '../../src/model/labels.ts'
import type { AlertingRule, VectorSample } from '../../src/model/rule.ts'
import { DeliveryError } from '../../src/notify/channel/channel.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { type RouteSpec, routeTree } from '../../src/notify/route.ts'
import { type ReadyChannel, Sender } from '../../src/notify/sender.ts'
import { Silences } from '../../src/notify/silences.ts'
import { inhibitionStage, silenceStage } from '../../src/notify/stage.ts'
import { type EvaluationResult, RuleEngine } from '../../src/rule/rule-engine.ts'
import { plainEvaluation, saveEvaluation } from '../../src/store/alerts.ts'
import { saveFlush } from '../../src/store/notify.ts'
import { recordDelivery } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import type { ManualClock } from './manual-clock.ts'
import { type TestWeb, testWeb } from './web.ts'

const S = 1000
const M = 60_000
const FOREVER = new AbortController().signal

/** Fires for each shop with more than half an error a second for a minute. */
export const SHOP_DOWN: AlertingRule = {
  kind: 'alerting',
  alert: 'ShopDown',
  expr: 'errors_per_second > 0.5',
  forMs: M,
  keepFiringForMs: 0,
  labels: { severity: 'critical' },
  annotations: {
    summary: '{{ $labels.check }} is down',
    description: '{{ $value }} errors a second',
    runbook_url: 'docs/runbooks/check-down.md',
  },
}

const ROUTES: RouteSpec & { readonly receiver: string } = {
  receiver: 'team',
  groupBy: ['alertname'],
  groupWaitMs: 30 * S,
  groupIntervalMs: 5 * M,
  repeatIntervalMs: 60 * M,
}

interface Options {
  readonly clock?: ManualClock
  readonly rule?: AlertingRule
  readonly routes?: RouteSpec & { readonly receiver: string }
  /** The channels of every receiver; all tell of what is over. */
  readonly channels?: readonly string[]
  /** `midwatch.yml`, as far as addresses look at it. */
  readonly config?: string
}

/** Addresses over a rule whose results a test sets, and over all that follows until its messages have arrived. */
export interface Alerting extends AsyncDisposable {
  readonly web: TestWeb
  readonly silences: Silences
  /** What the rule finds from now on: a value by the check. */
  found: Readonly<Record<string, number>>
  /** Why channels fail, by their names; the others take what they get. */
  failing: Readonly<Record<string, string>>
  /** Goes on by seconds: evaluates every 15 s, and looks at groups and messages every 5 s. */
  advance(seconds: number): Promise<void>
}

export async function alertingWeb(options: Options = {}): Promise<Alerting> {
  const { rule = SHOP_DOWN, routes = ROUTES, channels = ['slack'] } = options
  const externalUrl = 'https://watch.example.org'
  const silences = new Silences()
  const results: EvaluationResult[] = []
  const state = { found: {}, failing: {} } as Pick<Alerting, 'found' | 'failing'>
  const find = (): VectorSample[] =>
    Object.entries(state.found).map(([check, value]) => ({ labels: Labels.of({ check }), value }))
  const rules = new RuleEngine(
    {
      query: async () => find(),
      sink: { ref: () => 1, append: async () => {}, describe() {} },
      onResult: (result) => void results.push(result),
      onError(error) {
        throw error
      },
      externalUrl,
      spacingMs: () => 15 * S,
    },
    [{ name: 'shops', file: 'rules/shops.yml', intervalMs: undefined, queryOffsetMs: 0, limit: 0, rules: [rule] }],
  )
  const receivers = [routes, ...(routes.routes ?? [])].map(({ receiver = '' }) => receiver)
  const integrations = channels.map((channel) => ({ channel, sendResolved: true }))
  const nowMs = options.clock?.now() ?? Date.UTC(2026, 0, 1)
  const dispatcher = new Dispatcher(
    {
      routing: { root: routeTree(routes), receivers: new Map(receivers.map((name) => [name, integrations])) },
      stages: [inhibitionStage, silenceStage((labels, atMs) => silences.silenceOf(labels, atMs))],
      findingOf: () => undefined,
      externalUrl,
      expiryMs: 24 * 60 * M,
    },
    { alerts: [], groups: [], log: [] },
    { lastAliveMs: nowMs, nowMs },
  )
  const context = { rules, dispatcher, silences }
  const { config = '{}' } = options
  const web = await testWeb({ context, config, ...(options.clock === undefined ? {} : { clock: options.clock }) })
  const { clock, store } = web
  const { writer } = store
  const outlets = channels.map((name): [string, ReadyChannel] => {
    const send = async () => {
      const error = state.failing[name]
      if (error !== undefined) throw new DeliveryError('later', error)
    }
    return [name, { name, target: name, send }]
  })
  const sender = new Sender(
    {
      clock,
      lease: (request) => writer.run(leaseMessages, request),
      record: (delivery) => writer.run(recordDelivery, delivery),
      failing: () => [],
      standIn: async () => {},
      onDelivery() {},
      onError(error) {
        throw error
      },
    },
    new Map(outlets),
  )
  const evaluate = async () => {
    await rules.tick(clock.now())
    for (const result of results.splice(0)) {
      const { events, ...notify } = dispatcher.take(result.sent, clock.now())
      await writer.run(saveEvaluation, plainEvaluation({ ...result, events: [...result.events, ...events], notify }))
    }
  }
  const look = async () => {
    const change = dispatcher.flush(clock.now())
    if (change !== undefined) await writer.run(saveFlush, change)
    await sender.kick(FOREVER)
    await sender.drain()
    await writer.flush()
  }
  return {
    web,
    silences,
    get found() {
      return state.found
    },
    set found(found) {
      state.found = found
    },
    get failing() {
      return state.failing
    },
    set failing(failing) {
      state.failing = failing
    },
    async advance(seconds) {
      for (let i = 0; i < seconds; i += 5) {
        await clock.advance(5 * S)
        if ((clock.now() - nowMs) % (15 * S) === 0) await evaluate()
        await look()
      }
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  }
}
