import { type ForwardSource, type OwedSamples, type Position, RemoteWriter } from '../export/forward/remote-write.ts'
import type { RemoteWrite } from '../export/forward/remote-write-config.ts'
import type { AddressPolicy } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { Secret } from '../lib/secret.ts'
import { Labels } from '../model/labels.ts'
import { journalAfter, newestEntry, trimmedTo } from '../store/series/journal-reader.ts'
import { getSetting, putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'

interface ForwardingOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly store: Store
  readonly policy: () => AddressPolicy
  readonly baseFolder: () => string
  readonly onCorrupt: (what: string) => void
}

interface Running {
  readonly remote: RemoteWrite
  readonly externalLabels: Labels
  readonly writer: RemoteWriter
  readonly stop: AbortController
  readonly done: Promise<void>
}

/** How much of the stored history is read at once where the journal has let go of what was not sent yet. */
const WINDOW_MS = 5 * 60_000
/** A failing remote is told of again after so many tries. */
const TELL_EVERY = 20
const TELL_REFUSED_EVERY_MS = 60_000

/** Sends samples to other stores as they come, each with a place of its own in what there is. */
export class Forwarding {
  readonly #options: ForwardingOptions
  #running = new Map<string, Running>()

  constructor(options: ForwardingOptions) {
    this.#options = options
  }

  /**
   * Goes on with remotes that are the same, ends those that are gone, begins with new ones.
   *
   * @param externalLabels what is sent along with series that lack them
   */
  async update(remotes: readonly RemoteWrite[], externalLabels = Labels.empty): Promise<void> {
    const next = new Map<string, Running>()
    for (const remote of remotes) {
      const known = this.#running.get(remote.name)
      const isKept = known?.externalLabels.key === externalLabels.key && isSame(known.remote, remote)
      if (isKept) next.set(remote.name, known)
    }
    const gone = [...this.#running.values()].filter((running) => next.get(running.remote.name) !== running)
    await Promise.all(gone.map(end))
    for (const remote of remotes) if (!next.has(remote.name)) next.set(remote.name, this.#start(remote, externalLabels))
    this.#running = next
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(end))
    this.#running.clear()
  }

  #start(remote: RemoteWrite, externalLabels: Labels): Running {
    const { clock, policy, baseFolder, metrics, log } = this.#options
    const { name } = remote
    const stop = new AbortController()
    let untold = 0
    let toldMs = Number.NEGATIVE_INFINITY
    const writer = new RemoteWriter({
      remote,
      source: this.#source(name, externalLabels),
      clock,
      policy,
      baseFolder: baseFolder(),
      onSent(samples, newestMs) {
        metrics.remoteWriteSamples.inc({ remote: name }, samples)
        metrics.remoteWriteNewest.set({ remote: name }, newestMs / 1000)
      },
      onRefused(samples, why) {
        metrics.remoteWriteRefused.inc({ remote: name }, samples)
        untold += samples
        // A store that has a series from elsewhere, too, refuses every sample of it.
        if (Math.abs(clock.now() - toldMs) < TELL_REFUSED_EVERY_MS) return
        toldMs = clock.now()
        log.warn(
          { event: 'remote_write.refused', remote: name, samples: untold, error: why },
          'samples were refused and left out',
        )
        untold = 0
      },
      onRetry(why, attempt) {
        metrics.remoteWriteRetries.inc({ remote: name })
        if (attempt % TELL_EVERY !== 1) return
        log.warn({ event: 'remote_write.failed', remote: name, attempt, error: why }, 'samples wait to be sent')
      },
    })
    const done = writer.run(stop.signal).catch((error: unknown) => {
      log.error({ event: 'remote_write.ended', remote: name, err: error }, 'nothing is sent there until a reload')
    })
    return { remote, externalLabels, writer, stop, done }
  }

  #source(remote: string, externalLabels: Labels): ForwardSource {
    const { store, onCorrupt, clock, metrics } = this.#options
    const { reader, series, writer } = store
    return {
      load(name) {
        const text = getSetting(reader, settingOf(name))
        return text === undefined ? undefined : (JSON.parse(text) as Position)
      },
      end: () => ({ id: newestEntry(reader), maxMs: clock.now() }),
      save: async (name, position) => {
        await writer.run(putSetting, { key: settingOf(name), value: JSON.stringify(position) })
      },
      labelsOf(ref) {
        const labels = series.labelsOf(ref)
        return labels && externalLabels.merge(labels)
      },
      next(position, most) {
        const newest = newestEntry(reader)
        metrics.remoteWritePending.set({ remote }, Math.max(0, newest - position.id))
        // A journal that was empty counts from 1 again.
        if (newest < position.id) return { samples: NOTHING, position: { id: 0, maxMs: position.maxMs } }
        const trimmed = trimmedTo(reader)
        const { filled } = position
        if (trimmed.id > Math.max(position.id, filled?.id ?? 0)) return fromHistory(store, position, trimmed)
        const samples = journalAfter(reader, position.id, most, onCorrupt)
        if (samples === undefined) return undefined
        const maxMs = samples.timesMs.reduce((latest, timeMs) => Math.max(latest, timeMs), position.maxMs)
        const next = { id: samples.lastId, maxMs }
        if (filled === undefined) return { samples, position: next }
        // Entries that were kept for what is newer in them.
        return {
          samples: newerThan(samples, filled.toMs),
          position: filled.id > samples.lastId ? { ...next, filled } : next,
        }
      },
    }
  }
}

const NOTHING: OwedSamples = { refs: [], timesMs: [], values: [], stale: [] }

/** What the journal has let go of before it was sent, window by window, from what is packed by now. */
function fromHistory(
  { series }: Store,
  position: Position,
  trimmed: { readonly id: number; readonly toMs: number },
): { readonly samples: OwedSamples; readonly position: Position } {
  if (position.maxMs >= trimmed.toMs) return { samples: NOTHING, position: { ...position, filled: trimmed } }
  const toMs = Math.min(position.maxMs + WINDOW_MS, trimmed.toMs)
  const found = { refs: [] as number[], timesMs: [] as number[], values: [] as number[], stale: [] as boolean[] }
  for (const selected of series.select({ matchers: [], startMs: position.maxMs, endMs: toMs })) {
    const { length, timesMs, values, stale } = selected.samples(position.maxMs, toMs)
    for (let i = 0; i < length; i++) {
      found.refs.push(selected.ref)
      found.timesMs.push(timesMs[i] as number)
      found.values.push(values[i] as number)
      found.stale.push(stale?.[i] === 1)
    }
  }
  return { samples: found, position: { ...position, maxMs: toMs } }
}

function newerThan({ refs, timesMs, values, stale }: OwedSamples, limitMs: number): OwedSamples {
  const isNewer = (_: unknown, i: number) => (timesMs[i] as number) > limitMs
  return {
    refs: refs.filter(isNewer),
    timesMs: timesMs.filter(isNewer),
    values: values.filter(isNewer),
    stale: stale.filter(isNewer),
  }
}

function settingOf(name: string): string {
  return `remote_write/${name}`
}

function isSame(a: RemoteWrite, b: RemoteWrite): boolean {
  return a === b || wholeOf(a) === wholeOf(b)
}

/** Everything that a remote is, its secrets revealed, so that a new password begins anew with it. */
function wholeOf({ relabel, ...rest }: RemoteWrite): string {
  return JSON.stringify([rest, relabel.rules], function (key, value: unknown) {
    const raw: unknown = (this as Record<string, unknown>)[key]
    if (raw instanceof Secret) return raw.reveal()
    return typeof value === 'bigint' ? String(value) : value
  })
}

async function end({ stop, done }: Running): Promise<void> {
  stop.abort()
  await done
}
