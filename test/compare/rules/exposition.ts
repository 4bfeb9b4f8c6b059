import { createServer } from 'node:http'
import { listen } from '../../support/listen.ts'
import { FAILING_STEPS, type RulesScenario, type SeriesPlan, STEPS } from './scenario.ts'

/** When the steps are: step k holds when rules are evaluated at `startMs + k × stepMs`. */
export interface Grid {
  readonly startMs: number
  readonly stepMs: number
}

/** Of each step: what comes behind an evaluation belongs to the next one. The rest of the step is there for scrapes. */
const CHANGE_AFTER = 0.1

export function stepAt({ startMs, stepMs }: Grid, nowMs: number): number {
  return Math.ceil((nowMs - startMs) / stepMs - CHANGE_AFTER)
}

/** A request that was answered. */
export interface Scrape {
  readonly who: string
  readonly path: string
  readonly atMs: number
  readonly step: number
}

/**
 * A target with two addresses, which both programs scrape: `/metrics` has the series of the step, `/flaky` one that is away
 * in some steps. Before the start there is only `compare_step`, which is -1 then.
 */
export async function exposition(scenarios: readonly RulesScenario[]) {
  const scrapes: Scrape[] = []
  let grid: Grid | undefined
  const server = await listen(
    createServer((request, response) => {
      const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://target')
      const atMs = Date.now()
      const step = grid === undefined ? -1 : Math.max(stepAt(grid, atMs), -1)
      const isAway = path === '/flaky' && FAILING_STEPS.has(step)
      response.writeHead(isAway ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' })
      response.end(isAway ? 'away' : path === '/flaky' ? flakyText(step) : metricsText(scenarios, step))
      scrapes.push({ who: searchParams.get('who') ?? '', path, atMs, step })
    }),
  )
  return {
    address: server.address,
    scrapes,
    begin: (when: Grid) => {
      grid = when
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function metricsText(scenarios: readonly RulesScenario[], step: number): string {
  const lines = [`compare_step ${step}`]
  if (step >= 0) for (const { series } of scenarios) for (const one of series) lines.push(...lineOf(one, step))
  return `${lines.join('\n')}\n`
}

function lineOf({ name, labels, values }: SeriesPlan, step: number): string[] {
  const value = values[Math.min(step, STEPS - 1)]
  if (value === undefined) return []
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
  return [`${name}{${pairs.join(',')}} ${numberText(value)}`]
}

function flakyText(step: number): string {
  return step < 0 ? 'flaky_step -1\n' : `flaky_step ${step}\nflaky_value ${step % 3 === 0 ? 2 : 5}\n`
}

function numberText(value: number): string {
  return String(value).replace('Infinity', 'Inf')
}
