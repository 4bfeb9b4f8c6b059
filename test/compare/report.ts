/** How a scenario went in both programs. */
export interface Verdict {
  readonly seed: number
  readonly about: string
  /** How much there was to compare. */
  readonly compared: number
  /** The first difference; undefined where there is none. */
  readonly different: string | undefined
  /** What did not happen when the scenario meant it to, so that nothing can be said; undefined when all did. */
  readonly late: string | undefined
}

interface Attempt<Scenario> {
  readonly scenarios: readonly Scenario[]
  /** How many times as long everything takes. */
  readonly factor: number
}

/** On a machine that has no time for it. */
const MOST_TRIES = 4

/**
 * Plays scenarios, and those that come out different once more, slower: on a busy machine a program may be late, and being
 * late is no difference. What is different when everything had time stays different.
 *
 * @param atOnce how many side by side
 */
export async function playUntilClear<Scenario extends { readonly seed: number }>(
  scenarios: readonly Scenario[],
  atOnce: number,
  play: (attempt: Attempt<Scenario>) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  const verdicts = new Map<number, Verdict>()
  let open = scenarios
  for (let tries = 0; tries < MOST_TRIES && open.length > 0; tries++) {
    const factor = tries === 0 ? 1 : 2
    for (let i = 0; i < open.length; i += atOnce) {
      const played = await play({ scenarios: open.slice(i, i + atOnce), factor })
      for (const verdict of played) verdicts.set(verdict.seed, verdict)
    }
    open = open.filter(({ seed }) => {
      const verdict = verdicts.get(seed)
      return verdict?.late !== undefined || (factor === 1 && verdict?.different !== undefined)
    })
  }
  return scenarios.map(({ seed }) => verdicts.get(seed) as Verdict)
}

/** What is wrong with scenarios, for people; empty when nothing is. */
export function complaintsOf(verdicts: readonly Verdict[]): string[] {
  return verdicts.flatMap(({ seed, about, different, late }) => {
    if (late !== undefined) return [`${seed} (${about}): this machine was too busy to tell, since ${late}`]
    return different === undefined ? [] : [`${seed} (${about}): ${different}`]
  })
}
