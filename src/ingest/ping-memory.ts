import type { Ping } from '../model/heartbeat.ts'

/** What the pings of one heartbeat so far mean; a ping makes the next memory of it. */
export interface PingMemory {
  /** Of any kind but `log`. */
  readonly lastPingMs: number | undefined
  readonly lastSuccessMs: number | undefined
  /** Of the last run whose start and end are known. */
  readonly lastDurationMs: number | undefined
  /** Runs that began and did not end, by their run id ('' without one), with their starts; oldest first. */
  readonly runs: ReadonlyMap<string, number>
  readonly runningSinceMs: number | undefined
  /** The failure that no success has followed yet. */
  readonly failure: Failure | undefined
}

interface Failure {
  readonly atMs: number
  readonly exitCode: number | undefined
  /** The first line of what the job said that is not empty; '' when it said nothing. */
  readonly firstLine: string
}

export const NO_PINGS: PingMemory = {
  lastPingMs: undefined,
  lastSuccessMs: undefined,
  lastDurationMs: undefined,
  runs: new Map(),
  runningSinceMs: undefined,
  failure: undefined,
}

/** Runs whose ends never come are forgotten beyond this. */
const MOST_RUNS = 100
const LONGEST_LINE = 200

type Said = Pick<Ping, 'atMs' | 'kind' | 'runId' | 'exitCode' | 'body'>

/** What is known after one more ping. */
export function remember(memory: PingMemory, ping: Said): PingMemory {
  const { atMs, kind, runId, exitCode } = ping
  if (kind === 'log') return memory
  if (kind === 'start') {
    const runs = new Map(memory.runs)
    runs.delete(runId ?? '')
    runs.set(runId ?? '', atMs)
    if (runs.size > MOST_RUNS) runs.delete(runs.keys().next().value as string)
    return { ...memory, lastPingMs: atMs, runs, runningSinceMs: oldest(runs) }
  }
  const startMs = startOf(memory, runId)
  const isSuccess = kind === 'success' || (kind === 'exit' && exitCode === 0)
  const runs = new Map(memory.runs)
  runs.delete(startMs === undefined ? '' : startMs.runId)
  // A run that worked shows that those which began before it are over, however they ended.
  if (isSuccess) for (const [id, ms] of runs) if (ms <= (startMs?.atMs ?? atMs)) runs.delete(id)
  return {
    lastPingMs: atMs,
    lastSuccessMs: isSuccess ? atMs : memory.lastSuccessMs,
    lastDurationMs: startMs === undefined ? undefined : atMs - startMs.atMs,
    runs,
    runningSinceMs: oldest(runs),
    failure: isSuccess ? undefined : { atMs, exitCode, firstLine: firstLine(ping.body) },
  }
}

/** How long the run took that this ping ends; undefined when it ends none or its start is not known. */
export function runDurationMs(memory: PingMemory, { kind, atMs, runId }: Said): number | undefined {
  if (kind === 'start' || kind === 'log') return undefined
  const start = startOf(memory, runId)
  return start === undefined ? undefined : atMs - start.atMs
}

/** The start with the same run id; an end without an id belongs to the latest start. */
function startOf({ runs }: PingMemory, runId: string | undefined): { runId: string; atMs: number } | undefined {
  const id = runId ?? (runs.has('') ? '' : [...runs.keys()].at(-1))
  const atMs = id === undefined ? undefined : runs.get(id)
  return id === undefined || atMs === undefined ? undefined : { runId: id, atMs }
}

function oldest(runs: ReadonlyMap<string, number>): number | undefined {
  return runs.size === 0 ? undefined : Math.min(...runs.values())
}

function firstLine(body: string | undefined): string {
  const line = body
    ?.slice(0, 10_000)
    .split(/[\r\n]+/)
    .find((each) => each.trim() !== '')
  return line === undefined ? '' : line.trim().slice(0, LONGEST_LINE)
}
