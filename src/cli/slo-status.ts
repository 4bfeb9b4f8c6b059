import { defineCommand } from 'citty'
import { findServer } from './client.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

interface Slo {
  readonly id: string
  readonly objective: number
  readonly window: string
  readonly status: {
    readonly budget_remaining_ratio: number | null
    readonly burn_rate: number | null
    readonly exhausted_in_seconds: number | null
    readonly firing: readonly string[]
  } | null
}

const PAGE_SIZE = 1000

export const status = defineCommand({
  meta: { name: 'status', description: 'Show how much budget each SLO has left, and how long it lasts.' },
  args: { json: { type: 'boolean', description: 'Print as JSON' }, ...serverArgs },
  async run({ args }) {
    const server = findServer(args)
    const slos: Slo[] = []
    for (let page = 1; ; page++) {
      const path = `/api/v1/slos?page=${page}&page_size=${PAGE_SIZE}`
      const { items, total } = (await server.ask('GET', path)) as { items: readonly Slo[]; total: number }
      slos.push(...items)
      if (slos.length >= total || items.length === 0) break
    }
    if (args.json) printJson(slos)
    else if (slos.length === 0) process.stdout.write('(no SLOs)\n')
    else process.stdout.write(table([HEAD, ...slos.map(row)]))
  },
})

const HEAD = ['SLO', 'OBJECTIVE', 'BUDGET LEFT', 'BURN NOW', 'USED UP IN', 'ALERTS']

function row({ id, objective, window, status: now }: Slo): string[] {
  const left = now?.budget_remaining_ratio ?? undefined
  return [
    plain(id),
    `${objective} % over ${window}`,
    left === undefined ? 'no data' : `${(100 * left).toFixed(1)} %`,
    now?.burn_rate == null ? '' : `${Number(now.burn_rate.toPrecision(3))}×`,
    left === undefined ? '' : usedUp(left, now?.exhausted_in_seconds ?? undefined),
    (now?.firing ?? []).join(', '),
  ]
}

function usedUp(left: number, seconds: number | undefined): string {
  if (left <= 0) return 'used up'
  if (seconds === undefined) return 'does not burn'
  const hours = seconds / 3600
  if (hours >= 48) return `${Math.floor(hours / 24)} d`
  return hours >= 2 ? `${Math.floor(hours)} h` : `${Math.max(Math.floor(seconds / 60), 1)} min`
}
