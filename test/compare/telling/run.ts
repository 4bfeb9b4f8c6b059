import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createMatcher, formatMatcher } from '../../../src/model/matcher.ts'
import { Midwatch, until } from '../../e2e/midwatch.ts'
import { listen } from '../../support/listen.ts'
import { freePort, startPeer } from '../../support/peers.ts'
import { precedence, quickFolder, START_WITHIN_MS } from '../quick-place.ts'
import {
  INTERVALS,
  RESOLVE_TIMEOUT_MS,
  slowedDown,
  type TellingEvent,
  type TellingScenario,
  type WrittenMatcher,
  type WrittenRoute,
} from './scenario.ts'
import { type Told, toldOf } from './told.ts'

/** Where midwatch says it is when it listens on any free port; Alertmanager is told to say the same. */
const EXTERNAL_URL = 'http://127.0.0.1:0'
/** From the moment at which everything is ready to the first event of the first scenario, and from one to the next. */
const LEAD_MS = 300
const STAGGER_MS = 40
/** Messages by which both have done everything once before it counts. */
const WARM_UPS = 40
/** Later than this, an event is not where the scenario meant it. */
const LATE_MS = 250

/** What both programs told in one scenario, in the order in which it arrived. */
export interface TellingResult {
  readonly theirs: readonly Told[]
  readonly ours: readonly Told[]
  /** What did not happen at its time, so that nothing is proved. */
  readonly late: string | undefined
}

/**
 * Plays scenarios at the same time in one Alertmanager and one midwatch, each scenario on a route of its own.
 *
 * @param factor how many times as long everything takes
 */
export async function playTelling(
  alertmanager: string,
  scenarios: readonly TellingScenario[],
  factor: number,
): Promise<ReadonlyMap<number, TellingResult>> {
  using _first = precedence()
  using folder = quickFolder()
  await using theirs = await recorder()
  await using ours = await recorder()
  const slowed = scenarios.map((scenario) => slowedDown(scenario, factor))
  const port = await freePort()
  const file = join(folder.path, 'alertmanager.yml')
  writeFileSync(file, JSON.stringify(configuration(slowed, theirs.url, factor)))
  mkdirSync(join(folder.path, 'alertmanager'))
  const config = JSON.stringify({
    shipped_rules: false,
    alertmanager: configuration(slowed, ours.url, factor),
  })
  await using midwatch = await Midwatch.start(folder.path, { config, withinMs: START_WITHIN_MS })
  await using _peer = await startPeer(
    alertmanager,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder.path, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=${EXTERNAL_URL}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    { ready: port, readyWithinMs: START_WITHIN_MS },
  )
  const urls = [`http://127.0.0.1:${port}`, midwatch.url] as const
  await Promise.all(urls.map(warmUp))
  await until(() => theirs.taken.length >= WARM_UPS && ours.taken.length >= WARM_UPS, 'both to be warm')
  const firstMs = Date.now() + LEAD_MS
  const players = slowed.map(async (scenario, i) => {
    const startMs = firstMs + i * STAGGER_MS
    const lateMs = await Promise.all(urls.map((url) => new Player(url, startMs, scenario).play()))
    await at(startMs + scenario.endMs + LATE_MS * factor)
    const told = (taken: readonly Taken[]) => toldOf(taken, scenario, startMs, factor)
    const latestMs = Math.max(...lateMs)
    const late = latestMs > LATE_MS * factor ? `an event came ${Math.round(latestMs)} ms late` : undefined
    return [scenario.seed, { theirs: told(theirs.taken), ours: told(ours.taken), late }] as const
  })
  return new Map(await Promise.all(players))
}

/** A message as it came in. */
export interface Taken {
  readonly atMs: number
  readonly path: string
  readonly body: string
}

async function recorder() {
  const taken: Taken[] = []
  const server = await listen(
    createServer((request, response) => {
      const atMs = Date.now()
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        taken.push({ atMs, path: request.url ?? '', body: Buffer.concat(chunks).toString() })
        response.end()
      })
    }),
  )
  return { taken, url: `http://${server.address}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** One file for both; `base` takes what they tell, under the scenario's number, the receiver's name and its place there. */
function configuration(scenarios: readonly TellingScenario[], base: string, factor: number): unknown {
  const receivers = scenarios.flatMap(({ seed, receivers: own }) =>
    own.map(({ name, webhooks }) => ({
      name: `${seed} ${name}`,
      webhook_configs: webhooks.map(({ sendResolved, maxAlerts }, i) => ({
        url: `${base}/${seed}/${encodeURIComponent(name)}/${i}`,
        send_resolved: sendResolved,
        max_alerts: maxAlerts,
      })),
    })),
  )
  return {
    global: { resolve_timeout: `${RESOLVE_TIMEOUT_MS * factor}ms` },
    route: {
      receiver: 'warm-up',
      group_by: ['...'],
      group_wait: '0s',
      routes: scenarios.map(({ seed, route }) => {
        const { matchers: _, ...node } = routeText(seed, route)
        return { ...node, matchers: [`scenario="${seed}"`] }
      }),
    },
    receivers: [{ name: 'warm-up', webhook_configs: [{ url: `${base}/warm-up` }] }, ...receivers],
    inhibit_rules: scenarios.flatMap(({ seed, inhibitRules }) =>
      inhibitRules.map(({ source, target, equal }) => ({
        source_matchers: [`scenario="${seed}"`, ...source.map(matcherText)],
        target_matchers: [`scenario="${seed}"`, ...target.map(matcherText)],
        equal: ['scenario', ...equal],
      })),
    ),
    time_intervals: Object.entries(INTERVALS).map(([name, time_intervals]) => ({ name, time_intervals })),
  }
}

function routeText(seed: number, route: WrittenRoute): Record<string, unknown> {
  const { receiver, matchers, continue: goesOn, groupBy, waitMs, intervalMs, repeatMs, mute, active, routes } = route
  return {
    ...(receiver === undefined ? {} : { receiver: `${seed} ${receiver}` }),
    ...(matchers === undefined ? {} : { matchers: matchers.map(matcherText) }),
    ...(goesOn === undefined ? {} : { continue: goesOn }),
    ...(groupBy === undefined ? {} : { group_by: groupBy }),
    ...(waitMs === undefined ? {} : { group_wait: `${waitMs}ms` }),
    ...(intervalMs === undefined ? {} : { group_interval: `${intervalMs}ms` }),
    ...(repeatMs === undefined ? {} : { repeat_interval: `${repeatMs}ms` }),
    ...(mute === undefined ? {} : { mute_time_intervals: mute }),
    ...(active === undefined ? {} : { active_time_intervals: active }),
    ...(routes === undefined ? {} : { routes: routes.map((child) => routeText(seed, child)) }),
  }
}

function matcherText({ name, op, value }: WrittenMatcher): string {
  return formatMatcher(createMatcher(name, op, value))
}

async function warmUp(url: string): Promise<void> {
  for (let i = 0; i < WARM_UPS; i++) await ask(`${url}/api/v2/alerts`, 'POST', [{ labels: { warm_up: String(i) } }])
}

/** Does to one program what a scenario says, each thing at its time. */
class Player {
  readonly #url: string
  readonly #startMs: number
  readonly #scenario: TellingScenario
  readonly #silenceIds = new Map<string, string>()

  constructor(url: string, startMs: number, scenario: TellingScenario) {
    this.#url = url
    this.#startMs = startMs
    this.#scenario = scenario
  }

  /** @returns how late the latest event had been taken */
  async play(): Promise<number> {
    let latestMs = 0
    for (const event of this.#scenario.events) {
      await at(this.#startMs + event.atMs)
      await this.#do(event)
      latestMs = Math.max(latestMs, Date.now() - this.#startMs - event.atMs)
    }
    return latestMs
  }

  async #do(event: TellingEvent): Promise<void> {
    const seed = String(this.#scenario.seed)
    switch (event.kind) {
      case 'post': {
        const alerts = event.alerts.map(({ labels, annotations, startsMs, endsMs, generatorUrl }) => ({
          labels: { ...labels, scenario: seed },
          annotations,
          ...(startsMs === undefined ? {} : { startsAt: this.#time(startsMs) }),
          ...(endsMs === undefined ? {} : { endsAt: this.#time(endsMs) }),
          ...(generatorUrl === '' ? {} : { generatorURL: generatorUrl }),
        }))
        await ask(`${this.#url}/api/v2/alerts`, 'POST', alerts)
        return
      }
      case 'silence': {
        const { key, matchers, startsMs, endsMs } = event
        const id = this.#silenceIds.get(key)
        const all: readonly WrittenMatcher[] = [{ name: 'scenario', op: '=', value: seed }, ...matchers]
        const answer = await ask(`${this.#url}/api/v2/silences`, 'POST', {
          ...(id === undefined ? {} : { id }),
          matchers: all.map(({ name, op, value }) => ({
            name,
            value,
            isRegex: op === '=~' || op === '!~',
            isEqual: op === '=' || op === '=~',
          })),
          startsAt: this.#time(startsMs),
          endsAt: this.#time(endsMs),
          createdBy: 'compare',
          comment: key,
        })
        this.#silenceIds.set(key, (JSON.parse(answer) as { silenceID: string }).silenceID)
        return
      }
      case 'expire':
        await ask(`${this.#url}/api/v2/silence/${this.#silenceIds.get(event.key)}`, 'DELETE')
    }
  }

  #time(ms: number): string {
    return new Date(this.#startMs + ms).toISOString()
  }
}

async function ask(url: string, method: string, body?: unknown): Promise<string> {
  const content = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...(body === undefined ? {} : content) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
  return text
}

async function at(ms: number): Promise<void> {
  const waitMs = ms - Date.now()
  if (waitMs > 0) await delay(waitMs)
}
