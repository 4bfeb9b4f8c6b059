import type { Told } from './told.ts'

/** Messages that come at nearly the same time come in any order: those that are told them are different. */
const SAME_TIME_MS = 250

export interface Difference {
  readonly text: string
  /** All is told in its order, and only later by one of them. */
  readonly isTime: boolean
}

/**
 * The first thing in which what was told differs: the messages to each receiver about each group, their order, their
 * moments, and the order of messages to different receivers where they are apart.
 *
 * @returns undefined when nothing differs
 */
export function toldDifference(theirs: readonly Told[], ours: readonly Told[], factor: number): Difference | undefined {
  const sameMs = SAME_TIME_MS * factor
  const [their, our] = [byPlace(theirs), byPlace(ours)]
  const pairs: { readonly their: Told; readonly our: Told }[] = []
  const found: (Difference & { readonly atMs: number })[] = []
  const note = (atMs: number, text: string, isTime = false) => void found.push({ atMs, text, isTime })
  for (const place of new Set([...their.keys(), ...our.keys()])) {
    const [a, b] = [their.get(place) ?? [], our.get(place) ?? []]
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const [one, other] = [a[i], b[i]]
      if (one === undefined || other === undefined) {
        const more = (one ?? other) as Told
        const who = one === undefined ? 'only midwatch' : 'only Alertmanager'
        note(more.atMs, `${place}, message ${i + 1} at ${more.atMs} ms: ${who} tells ${more.body}`)
        break
      }
      if (one.body !== other.body) {
        const text = `Alertmanager at ${one.atMs} ms: ${one.body}\n  midwatch at ${other.atMs} ms: ${other.body}`
        note(Math.min(one.atMs, other.atMs), `${place}, message ${i + 1}:\n  ${text}`)
        break
      }
      if (Math.abs(one.atMs - other.atMs) > sameMs) {
        const text = `Alertmanager at ${one.atMs} ms, midwatch at ${other.atMs} ms`
        note(Math.min(one.atMs, other.atMs), `${place}, message ${i + 1}: ${text}: ${one.body}`, true)
      }
      pairs.push({ their: one, our: other })
    }
  }
  for (const [i, first] of pairs.entries()) {
    for (const second of pairs.slice(i + 1)) {
      const apartMs = second.their.atMs - first.their.atMs
      if (Math.abs(apartMs) <= sameMs || apartMs > 0 === second.our.atMs > first.our.atMs) continue
      note(
        first.their.atMs,
        `${first.their.to} at ${first.their.atMs} ms and ${second.their.to} are told in another order`,
      )
    }
  }
  return found.sort((a, b) => Number(a.isTime) - Number(b.isTime) || a.atMs - b.atMs)[0]
}

function byPlace(told: readonly Told[]): Map<string, Told[]> {
  const places = new Map<string, Told[]>()
  for (const one of told) {
    const place = `${decodeURIComponent(one.to)} of ${one.groupKey}`
    places.set(place, [...(places.get(place) ?? []), one])
  }
  return places
}
