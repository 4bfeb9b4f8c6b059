import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Midwatch } from '../../e2e/midwatch.ts'
import { freePort, startPeer } from '../../support/peers.ts'
import { precedence, quickFolder, START_WITHIN_MS } from '../quick-place.ts'
import { exposition, type Grid, type Scrape } from './exposition.ts'
import { alertTaker, OFF_GRID, type Said, saidOf } from './posted.ts'
import { FAILING_STEPS, RESEND_DELAY, type RulesScenario, STEPS, withDurations } from './scenario.ts'
import { nameOnGrid } from './slot-offset.ts'

/** Where midwatch says it is when it listens on any free port; Prometheus is told to say the same. */
const EXTERNAL_URL = 'http://127.0.0.1:0'
const STEP_MS = 1000
/** Prometheus writes no `ALERTS` in the first evaluations of a group. */
const LEAD_STEPS = 6
/** What is said of the last step has arrived by then. */
const TAIL_STEPS = 2
/** Before an evaluation, as a part of a step: what was scrapeed by then is seen by it. */
const SEEN_BEFORE = 0.1

export interface RulesResult {
  readonly theirs: ReadonlyMap<string, readonly Said[]>
  readonly ours: ReadonlyMap<string, readonly Said[]>
}

/**
 * Plays scenarios at the same time in one Prometheus and one midwatch, which scrape the same target and hand their alerts to
 * the same server. The series change right behind each evaluation, and groups have names by which Prometheus evaluates them
 * at whole steps, as midwatch does: so both see the same at each step, whenever they scrape.
 *
 * @param factor how many times as long a step is
 * @returns the results by seed, and why they prove nothing where that is so
 */
export async function playRules(
  prometheus: string,
  scenarios: readonly RulesScenario[],
  factor: number,
): Promise<{ readonly results: ReadonlyMap<number, RulesResult>; readonly late: string | undefined }> {
  const stepMs = STEP_MS * factor
  using _first = precedence()
  using folder = quickFolder()
  await using target = await exposition(scenarios)
  await using taker = await alertTaker()
  const rules = join(folder.path, 'rules')
  mkdirSync(rules)
  for (const scenario of scenarios) {
    const file = join(rules, `${scenario.seed}.yml`)
    writeFileSync(file, JSON.stringify(ruleFile(scenario, file, stepMs), undefined, 1))
  }
  const part = (who: string) => configuration({ who, rules, stepMs, target: target.address, taker: taker.address })
  const config = join(folder.path, 'prometheus.yml')
  const { global, ...rest } = part('prometheus')
  writeFileSync(config, JSON.stringify({ global: { ...global, evaluation_interval: `${stepMs}ms` }, ...rest }))
  const port = await freePort()
  await using midwatch = await Midwatch.start(folder.path, {
    config: JSON.stringify({
      shipped_rules: false,
      evaluation: { cron: '* * * * * *', resend_delay: `${RESEND_DELAY * stepMs}ms` },
      ...part('midwatch'),
    }),
    withinMs: START_WITHIN_MS,
  })
  await using _peer = await startPeer(
    prometheus,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.external-url=${EXTERNAL_URL}`,
      '--rules.alert.for-grace-period=3s',
      `--rules.alert.resend-delay=${RESEND_DELAY * stepMs}ms`,
      '--log.level=warn',
    ],
    { ready: `http://127.0.0.1:${port}/-/ready`, readyWithinMs: START_WITHIN_MS },
  )
  const urls = { prometheus: `http://127.0.0.1:${port}`, midwatch: midwatch.url }
  const startMs = Math.ceil((Date.now() + LEAD_STEPS * stepMs) / (2 * stepMs)) * 2 * stepMs
  const grid = { startMs, stepMs }
  target.begin(grid)
  await at(startMs - stepMs)
  const missedBefore = await missedOf(urls)
  await at(startMs + (STEPS - 1 + TAIL_STEPS) * stepMs)
  const late =
    unseenStep(target.scrapes, grid) ??
    (await wrongStep(urls, grid)) ??
    ((await missedOf(urls)) > missedBefore ? 'evaluations were left out' : undefined)
  const results = scenarios.map(({ seed }) => {
    const said = (who: string) => saidOf(taker.posts, who, seed, grid)
    return [seed, { theirs: said('prometheus'), ours: said('midwatch') }] as const
  })
  return { results: new Map(results), late }
}

function ruleFile({ seed, groups }: RulesScenario, file: string, stepMs: number): unknown {
  const duration = (steps: number) => `${steps * stepMs}ms`
  return {
    groups: groups.map(({ interval, limit, rules }, i) => ({
      name: nameOnGrid(file, `${seed}.${i}`, interval * stepMs, (OFF_GRID / 2) * stepMs),
      interval: duration(interval),
      ...(limit === 0 ? {} : { limit }),
      rules: rules.map((rule) => {
        const expr = withDurations(rule.expr, stepMs)
        if (rule.kind === 'record') return { record: rule.record, expr, labels: rule.labels }
        const { alert, labels, annotations } = rule
        return {
          alert,
          expr,
          ...(rule.for === 0 ? {} : { for: duration(rule.for) }),
          ...(rule.keepFiringFor === 0 ? {} : { keep_firing_for: duration(rule.keepFiringFor) }),
          labels,
          annotations,
        }
      }),
    })),
  }
}

interface Setting {
  readonly who: string
  readonly rules: string
  readonly stepMs: number
  readonly target: string
  readonly taker: string
}

/** What both programs take as it is. */
function configuration({ who, rules, stepMs, target, taker }: Setting) {
  const times = { scrape_interval: `${stepMs / 2}ms`, scrape_timeout: `${stepMs / 2}ms` }
  const job = (name: string, path: string) => ({
    job_name: name,
    metrics_path: path,
    params: { who: [who] },
    static_configs: [{ targets: [target] }],
  })
  return {
    global: { ...times, external_labels: { region: 'eu', replica: '1' } },
    rule_files: [`${rules}/*.yml`],
    alerting: {
      alert_relabel_configs: [{ regex: 'replica', action: 'labeldrop' }],
      alertmanagers: [{ path_prefix: `/${who}`, static_configs: [{ targets: [taker] }] }],
    },
    scrape_configs: [job('main', '/metrics'), job('flaky', '/flaky')],
  }
}

/** A step that one of them did not scrape in time for the evaluation. */
function unseenStep(scrapes: readonly Scrape[], { startMs, stepMs }: Grid): string | undefined {
  for (let step = 0; step < STEPS; step++) {
    for (const who of ['prometheus', 'midwatch']) {
      for (const path of ['/metrics', '/flaky']) {
        const lastMs = startMs + (step - SEEN_BEFORE) * stepMs
        const isSeen = scrapes.some(
          (one) => one.who === who && one.path === path && one.step === step && one.atMs <= lastMs,
        )
        if (!isSeen) return `${who} did not scrape step ${step} of ${path} in time`
      }
    }
  }
  return undefined
}

type Urls = Readonly<Record<'prometheus' | 'midwatch', string>>

/** A step at whose evaluation the samples of one of them are not those of the step. */
async function wrongStep(urls: Urls, { startMs, stepMs }: Grid): Promise<string | undefined> {
  const steps = Array.from({ length: STEPS }, (_, step) => step)
  const expected = {
    compare_step: steps.map(String),
    flaky_step: steps.map((step) => (FAILING_STEPS.has(step) ? undefined : String(step))),
    'up{job="flaky"}': steps.map((step) => (FAILING_STEPS.has(step) ? '0' : '1')),
  }
  for (const [who, url] of Object.entries(urls)) {
    for (const [query, values] of Object.entries(expected)) {
      for (const behindMs of [0, OFF_GRID * stepMs]) {
        const firstMs = startMs + behindMs
        const found = await valuesOf(url, query, firstMs, stepMs)
        const wrong = steps.find((step) => found.get(firstMs + step * stepMs) !== values[step])
        if (wrong === undefined) continue
        return `${who} has ${found.get(firstMs + wrong * stepMs)} for ${query} at step ${wrong}`
      }
    }
  }
  return undefined
}

interface Matrix {
  readonly data: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] }
}

async function valuesOf(url: string, query: string, firstMs: number, stepMs: number): Promise<Map<number, string>> {
  const parameters = new URLSearchParams({
    query,
    start: String(firstMs / 1000),
    end: String((firstMs + (STEPS - 1) * stepMs) / 1000),
    step: String(stepMs / 1000),
  })
  const answer = (await (await fetch(`${url}/api/v1/query_range?${parameters}`)).json()) as Matrix
  return new Map(answer.data.result.flatMap(({ values }) => values.map(([at, text]) => [Math.round(at * 1000), text])))
}

/** How many evaluations both have left out since they run. */
async function missedOf(urls: Urls): Promise<number> {
  const counts = await Promise.all(
    Object.values(urls).map(async (url) => {
      const text = await (await fetch(`${url}/metrics`)).text()
      const lines = [...text.matchAll(/^\w+_rule_group_iterations_missed_total\{.*\} (\S+)$/gm)]
      return lines.reduce((sum, [, count]) => sum + Number(count), 0)
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function at(ms: number): Promise<void> {
  const waitMs = ms - Date.now()
  if (waitMs > 0) await delay(waitMs)
}
