import { Cron } from 'croner'

const RUNS = 12

/**
 * The longest time between the next few moments of a cron line.
 *
 * @param cron five fields, or six with seconds first
 * @param timezone an IANA name; undefined is the zone of the machine
 * @returns milliseconds, at least 1000
 */
export function cronSpacingMs(cron: string, timezone: string | undefined, fromMs: number): number {
  const options = { mode: '5-or-6-parts', paused: true, ...(timezone === undefined ? {} : { timezone }) } as const
  const runs = new Cron(cron, options).nextRuns(RUNS, new Date(fromMs))
  return Math.max(1000, ...runs.slice(1).map((run, i) => run.getTime() - (runs[i] as Date).getTime()))
}
