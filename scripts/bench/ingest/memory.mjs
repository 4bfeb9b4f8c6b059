import { closeLoaded, loaded } from './loaded.mjs'
import { PEER_MISSING } from './programs.mjs'

/** Samples of a series that one may have more than the other: they do not start in the same moment. */
const TOLERANCE = 8

/** Where no other row goes on with the programs, they are closed at once. */
function memoryRow(series, everyMs, limit, close) {
  return {
    name: `resident memory with ${series.toLocaleString('en')} series and 240 samples of each, MB (peer: Prometheus)`,
    bar: `<= ${limit} of the peer`,
    close: closeLoaded,
    async run() {
      const { memory } = await loaded(series, everyMs)
      await close?.()
      const { ours, peer } = memory
      const text = ({ resident, text }) => `${resident.toFixed(0)} (${text})`
      if (peer === undefined) return { ours: text(ours), peer: PEER_MISSING, pass: false }
      if (Math.abs(ours.samples - peer.samples) > TOLERANCE) {
        throw new Error(`midwatch has ${ours.samples} samples of each series, Prometheus ${peer.samples}`)
      }
      const ratio = ours.resident / peer.resident
      return { ours: text(ours), peer: text(peer), ratio: ratio.toFixed(2), pass: ratio <= limit }
    },
  }
}

export const memoryOfTenThousand = memoryRow(10_000, 500, 1.5, closeLoaded)
export const memoryOfHundredThousand = memoryRow(100_000, 1000, 0.8)
