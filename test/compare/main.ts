import { findPeer } from '../support/peers.ts'
import type { Verdict } from './report.ts'
import { compareRules } from './rules/compare.ts'
import { compareTelling } from './telling/compare.ts'

/** One kind of comparison. */
interface Kind {
  readonly key: string
  /** The program that is compared with. */
  readonly peer: string
  compare(program: string, seeds: readonly number[]): Promise<readonly Verdict[]>
}

const KINDS: readonly Kind[] = [
  { key: 'rules', peer: 'prometheus', compare: compareRules },
  { key: 'telling', peer: 'alertmanager', compare: compareTelling },
]

export interface Wanted {
  /** The key of a kind; all of them unless told. */
  readonly only: string | undefined
  readonly seed: number
  readonly count: number
}

/**
 * Compares, and prints a line for each scenario.
 *
 * @returns whether nothing differs
 * @throws Error when a program is missing or there is no such kind
 */
export async function main({ only, seed, count }: Wanted): Promise<boolean> {
  const kinds = KINDS.filter(({ key }) => only === undefined || key === only)
  if (kinds.length === 0) throw new Error(`--only takes one of ${KINDS.map(({ key }) => key).join(', ')}`)
  const seeds = Array.from({ length: count }, (_, i) => seed + i)
  let passed = 0
  let failed = 0
  for (const { key, peer, compare } of kinds) {
    const found = findPeer(peer)
    if (found.path === undefined) throw new Error(found.reason)
    const verdicts = await compare(found.path, seeds)
    for (const verdict of verdicts) {
      const isSame = verdict.different === undefined && verdict.late === undefined
      if (isSame) passed++
      else failed++
      console.log(lineOf(key, verdict))
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0
}

function lineOf(kind: string, { seed, about, compared, different, late }: Verdict): string {
  const outcome = late !== undefined ? `unclear: ${late}` : different === undefined ? 'same' : `DIFFERENT: ${different}`
  return `${kind.padEnd(8)} ${String(seed).padStart(4)}  ${about.padEnd(30)} ${String(compared).padStart(4)}  ${outcome}`
}
