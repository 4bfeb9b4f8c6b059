import { statfs } from 'node:fs/promises'
import { request } from 'node:http'
import { degraded, down, type Finding, up } from '../model/finding.ts'
import type { ChannelState } from '../store/outbox.ts'
import type { WriterStats } from '../store/writer.ts'
import type { SelfCheck } from './jobs.ts'

/** What the self-checks look at. */
export interface SelfView {
  readonly dataDir: string
  /** Where midwatch listens, as a URL that this machine reaches. */
  readonly ownUrl: string
  nowMs(): number
  eventLoopLagSeconds(): number
  writer(): WriterStats
  /** A round trip through the writer to the disk and back. */
  writeProbe(): Promise<void>
  /** When the last evaluation began and how late it was; undefined before the first. */
  evaluation(): { readonly atMs: number; readonly lagMs: number } | undefined
  /** The longest time between two evaluations that is still fine, milliseconds. */
  evaluationLimitMs(): number
  reload(): { readonly ok: boolean; readonly message: string }
  outbox(): { readonly pending: number; readonly oldestMs: number | undefined }
  channels(): readonly ChannelState[]
}

const MB = 1024 * 1024
const DISK_LOW_SHARE = 0.05
const DISK_LOW_BYTES = 200 * MB
const DISK_FULL_BYTES = 20 * MB
const LOOP_LIMIT_SECONDS = 0.25
const MEMORY_LIMIT_BYTES = 1024 * MB
const OUTBOX_LIMIT_MS = 10 * 60_000

/** midwatch's honest look at itself: each part that could fail without anybody noticing. */
export function selfChecks(view: SelfView): readonly SelfCheck[] {
  const instance = new URL(view.ownUrl).host
  return [
    { name: 'midwatch-http', critical: false, instance, run: () => answersItself(view.ownUrl) },
    { name: 'midwatch-event-loop', critical: false, instance, run: () => eventLoop(view.eventLoopLagSeconds()) },
    { name: 'midwatch-scheduler', critical: true, instance, run: () => scheduler(view) },
    { name: 'midwatch-database', critical: true, instance, run: () => database(view) },
    { name: 'midwatch-disk', critical: false, instance, run: () => disk(view.dataDir) },
    { name: 'midwatch-memory', critical: false, instance, run: () => memory(process.memoryUsage.rss()) },
    { name: 'midwatch-outbox', critical: false, instance, run: () => outbox(view) },
    { name: 'midwatch-config', critical: false, instance, run: () => config(view.reload()) },
  ]
}

function answersItself(ownUrl: string): Promise<Finding> {
  return new Promise((resolve) => {
    const call = request(`${ownUrl}/health/live`, { agent: false, timeout: 4000 }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(statusCode === 200 ? up({ details: { status: statusCode } }) : down('status', `answered ${statusCode}`))
    })
    call.on('timeout', () => call.destroy(new Error('no answer within 4 s')))
    call.on('error', (error) => resolve(down('refused', `midwatch does not answer itself: ${error.message}`)))
    call.end()
  })
}

function eventLoop(lagSeconds: number): Finding {
  const details = { lag_ms: Math.round(lagSeconds * 1000) }
  return lagSeconds <= LOOP_LIMIT_SECONDS
    ? up({ details })
    : degraded('latency', `the event loop lags ${details.lag_ms} ms; measured latencies are too high by that`, {
        details,
      })
}

function scheduler(view: SelfView): Finding {
  const last = view.evaluation()
  if (last === undefined) return up({ details: { evaluated: false } })
  const ageMs = view.nowMs() - last.atMs
  const details = { last_evaluation_seconds_ago: Math.round(ageMs / 1000), lag_ms: Math.round(last.lagMs) }
  if (ageMs <= view.evaluationLimitMs()) return up({ details })
  return down('late', `rules were last evaluated ${details.last_evaluation_seconds_ago} s ago`, { details })
}

async function database(view: SelfView): Promise<Finding> {
  const { pending, lastCommitMs, failingSinceMs, lastError } = view.writer()
  const details = { pending_writes: pending, last_commit_ms: Math.round(lastCommitMs * 10) / 10 }
  if (failingSinceMs === undefined) {
    try {
      await view.writeProbe()
      return up({ details })
    } catch (error) {
      return down('internal', `the data file can't be written: ${(error as Error).message}`, { details })
    }
  }
  // While it fails, only a write that works can show that it works again.
  const works = await view.writeProbe().then(
    () => true,
    () => false,
  )
  return works
    ? up({ details })
    : down('internal', `the data file can't be written: ${lastError ?? 'unknown'}`, { details })
}

async function disk(dataDir: string): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(dataDir)
  const freeBytes = bavail * bsize
  const details = { free_bytes: freeBytes, free_percent: Math.round((bavail / blocks) * 1000) / 10 }
  if (freeBytes < DISK_FULL_BYTES)
    return down('threshold', `only ${Math.floor(freeBytes / MB)} MB are free for the data`, { details })
  const isLow = freeBytes < DISK_LOW_BYTES || bavail / blocks < DISK_LOW_SHARE
  return isLow
    ? degraded('threshold', `${Math.floor(freeBytes / MB)} MB (${details.free_percent} %) are free`, { details })
    : up({ details })
}

function memory(rssBytes: number): Finding {
  const details = { resident_bytes: rssBytes }
  return rssBytes <= MEMORY_LIMIT_BYTES
    ? up({ details })
    : degraded('threshold', `the process holds ${Math.round(rssBytes / MB)} MB`, { details })
}

function outbox(view: SelfView): Finding {
  const { pending, oldestMs } = view.outbox()
  const oldestAgeMs = oldestMs === undefined ? 0 : view.nowMs() - oldestMs
  const details = { pending, oldest_seconds: Math.round(oldestAgeMs / 1000) }
  const failing = view.channels().find(({ failingSinceMs }) => failingSinceMs !== undefined)
  if (failing !== undefined) {
    const message = `${failing.channel} has been failing: ${failing.lastError ?? 'unknown'}`
    return degraded('reported', message, { details })
  }
  return oldestAgeMs <= OUTBOX_LIMIT_MS
    ? up({ details })
    : degraded('late', `a message has been waiting for ${details.oldest_seconds} s`, { details })
}

function config({ ok, message }: { readonly ok: boolean; readonly message: string }): Finding {
  return ok ? up() : degraded('reported', `the last reload was refused, the config before it is in use: ${message}`)
}
