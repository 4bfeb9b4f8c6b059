import { defineCommand } from 'citty'
import { normalizeTraceId } from '../model/trace-context.ts'
import { type Journey, journeyOf, type RecordJson } from '../web/journey.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen } from './offline.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

export const trace = defineCommand({
  args: {
    id: { type: 'positional', required: true, description: 'A trace id: 32 hex digits or a UUID', valueHint: 'ID' },
    details: { type: 'boolean', description: 'Print the attributes of every record' },
    json: { type: 'boolean', description: 'Print the journey as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const traceId = normalizeTraceId(args.id)
    if (traceId === undefined) throw new CommandError(2, `${args.id} is not a trace id: 32 hex digits or a UUID`)
    const journey = await askOrOpen(
      args,
      async (server) => (await server.ask('GET', `/api/v1/traces/${traceId}`)) as Journey,
      ({ store }) => journeyOf(store.reader, traceId),
    )
    if (journey === undefined) throw new CommandError(1, `nothing is known of trace ${traceId}`)
    if (args.json) printJson(journey)
    else process.stdout.write(timeline(journey, args.details === true))
  },
})

/** The journey as people read it: one record a line, with the time since the first. */
function timeline(
  { trace_id: id, started, duration_ms: durationMs, records, truncated }: Journey,
  hasDetails: boolean,
) {
  const count = `${records.length} ${records.length === 1 ? 'record' : 'records'}`
  const head = `trace ${id}: ${count} in ${span(durationMs)}, from ${started}\n\n`
  const startMs = Date.parse(started)
  const lines = table(records.map((record) => cells(record, startMs))).split('\n')
  const body = records.map((record, i) => {
    const details = hasDetails ? attributeLines(record) : []
    return [lines[i], ...details].join('\n')
  })
  return `${head}${body.join('\n')}\n${truncated === true ? '\nThere is more of it than is shown at once.\n' : ''}`
}

function cells({ time, event, actor, resource, outcome, duration_ms: durationMs }: RecordJson, startMs: number) {
  const sinceStart = `+${span(Date.parse(time) - startMs)}`.padStart(10)
  const took = durationMs === null ? '' : `took ${span(durationMs)}`
  return [sinceStart, ...[event, actor, resource, outcome].map(plain), took]
}

function attributeLines({ attributes }: RecordJson): string[] {
  if (attributes === null) return ['              (attributes erased)']
  return Object.entries(attributes).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `              ${plain(name)}: ${plain(text)}`
  })
}

function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms * 10) / 10} ms`
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return `${Math.round(ms / 360_000) / 10} h`
}
