import { NO_SAMPLES, type Samples } from '../../model/sample.ts'
import { firstAfter } from './take-run.ts'

/** Parts of one series, in time order, as one run of samples with `fromMs < t <= toMs`. */
export function joinSamples(
  older: readonly Samples[],
  newest: Samples | undefined,
  fromMs: number,
  toMs: number,
  room: JoinRoom = new JoinRoom(),
): Samples {
  const parts: Samples[] = []
  for (const part of older) addWithin(parts, part, fromMs, toMs)
  if (newest !== undefined) addWithin(parts, newest, fromMs, toMs)
  const [only] = parts
  if (only === undefined) return NO_SAMPLES
  return parts.length === 1 ? only : room.join(parts)
}

/**
 * Memory for joined samples that is used again by the next series: allocating it anew for each would cost more than the
 * copying. Of all rooms only the one that joined last keeps it; what others had belongs to those who still read it.
 */
export class JoinMemory {
  owner: JoinRoom | undefined
  times = new Float64Array(0)
  values = new Float64Array(0)
  /** The columns whose times stand in `times` now. */
  joined: readonly Samples[] = []

  /** Room for so many samples; true when it is what this owner had before. */
  lend(owner: JoinRoom, length: number): boolean {
    if (this.owner === owner && length <= this.values.length) return true
    this.owner = owner
    this.times = new Float64Array(length)
    this.values = new Float64Array(length)
    return false
  }
}

/** Joins samples of the series of one selection. Series that were measured together have their times joined once. */
export class JoinRoom {
  readonly #memory: JoinMemory
  constructor(memory = new JoinMemory()) {
    this.#memory = memory
  }

  /** What it gives is overwritten by the next call. */
  join(parts: readonly Samples[]): Samples {
    let length = 0
    for (const part of parts) length += part.length
    const memory = this.#memory
    const areTimesThere = memory.lend(this, length) && haveSameTimes(parts, memory.joined)
    const { times, values } = memory
    memory.joined = parts
    let stale: Uint8Array | undefined
    let at = 0
    for (const part of parts) {
      if (!areTimesThere) times.set(part.timesMs, at)
      values.set(part.values, at)
      if (part.stale !== undefined) {
        stale ??= new Uint8Array(length)
        stale.set(part.stale, at)
      }
      at += part.length
    }
    return { length, timesMs: times.subarray(0, length), values: values.subarray(0, length), stale }
  }
}

function haveSameTimes(parts: readonly Samples[], joined: readonly Samples[]): boolean {
  if (parts.length !== joined.length) return false
  for (let i = 0; i < parts.length; i++) {
    const [a, b] = [(parts[i] as Samples).timesMs, (joined[i] as Samples).timesMs]
    if (a !== b && (a.buffer !== b.buffer || a.byteOffset !== b.byteOffset || a.length !== b.length)) return false
  }
  return true
}

function addWithin(parts: Samples[], samples: Samples, fromMs: number, toMs: number): void {
  const { length, timesMs } = samples
  if (length === 0) return
  const from = (timesMs[0] as number) > fromMs ? 0 : firstAfter(timesMs, length, fromMs)
  const to = (timesMs[length - 1] as number) <= toMs ? length : firstAfter(timesMs, length, toMs)
  if (from >= to) return
  if (from === 0 && to === length) {
    parts.push(samples)
    return
  }
  parts.push({
    length: to - from,
    timesMs: timesMs.subarray(from, to),
    values: samples.values.subarray(from, to),
    stale: samples.stale?.subarray(from, to),
  })
}
