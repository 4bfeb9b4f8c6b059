import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { formatMatcher } from '../../../src/model/matcher.ts'
import { createMatcher } from '../../../src/model/matcher.ts'
import { Midwatch } from '../../e2e/midwatch.ts'
import { listen } from '../../support/listen.ts'
import { freePort, startPeer } from '../../support/peers.ts'
import { type Told, toldOf } from './told.ts'
import {
  INTERVALS,
  RESOLVE_TIMEOUT_MS,
  slowedDown,
  type TellingEvent,
  type TellingScenario,
  type WrittenMatcher,
  type WrittenRoute,
} from './scenario.ts'

/** Where midwatch says it is when it listens on any free port; Alertmanager is told to say the same. */
const EXTERNAL_URL = 'http://127.0.0.1:0'
/** From the moment at which everything is ready to the first event. */
const LEAD_MS = 500
/** Later than this, an event is not where the scenario meant it. */
const LATE_MS = 150

/** What both programs told in one scenario, in the order in which it arrived. */
export interface TellingResult {
  readonly theirs: readonly Told[]
  readonly ours: readonly Told[]
  /** How late the latest event came to a program: where it is more than the events lie apart, it proves nothing. */
  readonly isLate: boolean
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
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-telling-'))
  try {
    await using theirs = await recorder()
    await using ours = await recorder()
    const slowed = scenarios.map((scenario) => slowedDown(scenario, factor))
    const port = await freePort()
    const file = join(folder, 'alertmanager.yml')
    writeFileSync(file, JSON.stringify(configuration(slowed, theirs.url, factor)))
    mkdirSync(join(folder, 'alertmanager'))
    const config = JSON.stringify({
      shipped_rules: false,
      alertmanager: configuration(slowed, ours.url, factor),
    })
    await using midwatch = await Midwatch.start(folder, { config })
    await using _alertmanager = await startPeer(
      alertmanager,
      [
        `--config.file=${file}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--web.external-url=${EXTERNAL_URL}`,
        '--cluster.listen-address=',
        '--log.level=warn',
      ],
      { ready: port },
    )
    const startMs = Date.now() + LEAD_MS
    const urls = [`http://127.0.0.1:${port}`, midwatch.url] as const
    const players = slowed.map(async (scenario) => {
      const lateMs = await Promise.all(urls.map((url) => new Player(url, startMs, scenario).play()))
      await at(startMs + scenario.endMs + LATE_MS * factor)
      return [scenario, Math.max(...lateMs) > LATE_MS * factor] as const
    })
    const results = new Map<number, TellingResult>()
    for (const [scenario, isLate] of await Promise.all(players)) {
      results.set(scenario.seed, {
        theirs: toldOf(theirs.taken, scenario, startMs, factor),
        ours: toldOf(ours.taken, scenario, startMs, factor),
        isLate,
      })
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
      receiver: 'nobody',
      routes: scenarios.map(({ seed, route }) => {
        const { matchers: _, ...node } = routeText(seed, route)
        return { ...node, matchers: [`scenario="${seed}"`] }
      }),
    },
    receivers: [{ name: 'nobody' }, ...receivers],
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
        await this.#ask('POST', 'alerts', alerts)
        return
      }
      case 'silence': {
        const { key, matchers, startsMs, endsMs } = event
        const id = this.#silenceIds.get(key)
        const all: readonly WrittenMatcher[] = [{ name: 'scenario', op: '=', value: seed }, ...matchers]
        const answer = await this.#ask('POST', 'silences', {
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
        await this.#ask('DELETE', `silence/${this.#silenceIds.get(event.key)}`)
    }
  }

  #time(ms: number): string {
    return new Date(this.#startMs + ms).toISOString()
  }

  async #ask(method: string, path: string, body?: unknown): Promise<string> {
    const response = await fetch(`${this.#url}/api/v2/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${this.#url}: ${method} ${path} in scenario ${this.#scenario.seed}: ${text}`)
    return text
  }
}

async function at(ms: number): Promise<void> {
  const waitMs = ms - Date.now()
  if (waitMs > 0) await delay(waitMs)
}
