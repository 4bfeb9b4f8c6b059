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

/** How often scenarios are played at most: those that are different, and those that nothing can be said of. */
const MOST_TRIES = { different: 3, late: 5 }

/**
 * Plays scenarios, and those that come out different again, slower: on a busy machine a program may be late, and being late
 * is no difference. What is different each time stays different.
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
  for (let tries = 1; open.length > 0; tries++) {
    const factor = tries === 1 ? 1 : 2
    for (let i = 0; i < open.length; i += atOnce) {
      const played = await play({ scenarios: open.slice(i, i + atOnce), factor })
      for (const verdict of played) verdicts.set(verdict.seed, verdict)
    }
    open = open.filter(({ seed }) => {
      const { late, different } = verdicts.get(seed) as Verdict
      if (late !== undefined) return tries < MOST_TRIES.late
      return different !== undefined && tries < MOST_TRIES.different
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
