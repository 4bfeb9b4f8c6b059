import type { Said } from './posted.ts'
import { STEPS } from './scenario.ts'

/** A post that is so many steps behind the other program's was made by another evaluation. */
const SAME_STEPS = 1

/**
 * The first thing in which the posts differ, alert by alert: how often each was said by the last step, what was said, and at
 * which step.
 *
 * @returns words for people; undefined when nothing differs
 */
export function saidDifference(
  theirs: ReadonlyMap<string, readonly Said[]>,
  ours: ReadonlyMap<string, readonly Said[]>,
): string | undefined {
  const found: { readonly step: number; readonly text: string }[] = []
  for (const labels of new Set([...theirs.keys(), ...ours.keys()])) {
    const [a, b] = [theirs.get(labels) ?? [], ours.get(labels) ?? []]
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const [one, other] = [a[i], b[i]]
      const step = Math.min(one?.step ?? Number.POSITIVE_INFINITY, other?.step ?? Number.POSITIVE_INFINITY)
      // What belongs to later evaluations counts for nothing.
      if (step > STEPS - 0.5) break
      const text = differenceOf(one, other)
      if (text === undefined) continue
      found.push({ step, text: `${labels}, said for time ${i + 1} at step ${step.toFixed(1)}: ${text}` })
      break
    }
  }
  return found.sort((x, y) => x.step - y.step)[0]?.text
}

function differenceOf(their: Said | undefined, our: Said | undefined): string | undefined {
  if (their === undefined || our === undefined) {
    return `only ${their === undefined ? 'midwatch' : 'Prometheus'} says ${(their ?? our)?.text}`
  }
  if (their.text !== our.text) return `\n  Prometheus ${their.text}\n  midwatch   ${our.text}`
  if (Math.abs(their.step - our.step) < SAME_STEPS) return undefined
  return `Prometheus at step ${their.step.toFixed(2)}, midwatch at ${our.step.toFixed(2)}: ${their.text}`
}
