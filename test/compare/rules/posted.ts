import { createServer } from 'node:http'
import { listen } from '../../support/listen.ts'
import type { Grid } from './exposition.ts'

/** An alert as it was posted. */
interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL?: string
}

export interface Post {
  readonly who: string
  readonly atMs: number
  readonly alerts: readonly PostedAlert[]
}

/** Stands in for Alertmanager, below a path for each program. */
export async function alertTaker() {
  const posts: Post[] = []
  const server = await listen(
    createServer((request, response) => {
      const atMs = Date.now()
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const [, who = '', ...path] = (request.url ?? '').split('/')
        if (path.join('/') === 'api/v2/alerts') {
          posts.push({ who, atMs, alerts: JSON.parse(Buffer.concat(chunks).toString()) as PostedAlert[] })
        }
        response.end()
      })
    }),
  )
  return { address: server.address, posts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** One time that an alert was said, with times as numbers of steps. */
export interface Said {
  readonly labels: string
  /** When it arrived. */
  readonly step: number
  readonly text: string
}

/** How far behind the grid Prometheus may evaluate a group, of a step; it is left out of what is compared. */
export const OFF_GRID = 0.06

/**
 * What one program said of a scenario, alert by alert:
 * - times are the step at which rules were evaluated;
 * - of a template that failed only that it did, since the words of the error name places in Go's code.
 */
export function saidOf(posts: readonly Post[], who: string, seed: number, grid: Grid): Map<string, Said[]> {
  const said = new Map<string, Said[]>()
  for (const post of posts) {
    if (post.who !== who) continue
    for (const alert of post.alerts) {
      if (alert.labels.scenario !== String(seed)) continue
      const labels = textOf(alert.labels)
      const text = [
        `starts ${stepText(alert.startsAt, grid)}`,
        `ends ${stepText(alert.endsAt, grid)}`,
        alert.generatorURL ?? 'no link',
        textOf(alert.annotations ?? {}),
      ].join(' | ')
      const one = { labels, step: (post.atMs - grid.startMs) / grid.stepMs, text }
      said.set(labels, [...(said.get(labels) ?? []), one])
    }
  }
  return said
}

function textOf(texts: Readonly<Record<string, string>>): string {
  const entries = Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(entries.map(([name, text]) => [name, text.replace(/^(<error expanding template: ).*/s, '$1…')]))
}

function stepText(time: string, { startMs, stepMs }: Grid): string {
  const steps = (Date.parse(time) - startMs) / stepMs
  const whole = Math.floor(steps)
  return steps - whole <= OFF_GRID ? String(whole) : `${steps.toFixed(3)}, which is between two evaluations`
}
