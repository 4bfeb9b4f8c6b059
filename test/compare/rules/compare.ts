import { playUntilClear, type Verdict } from '../report.ts'
import { saidDifference } from './difference.ts'
import { rulesScenario } from './generator.ts'
import { playRules } from './run.ts'

const AT_ONCE = 50

/**
 * Holds the alerts that midwatch's rules hand on against those of Prometheus, in the scenarios of these seeds.
 *
 * @param prometheus the program
 */
export function compareRules(prometheus: string, seeds: readonly number[]): Promise<readonly Verdict[]> {
  return playUntilClear(seeds.map(rulesScenario), AT_ONCE, async ({ scenarios, factor }) => {
    const { results, late } = await playRules(prometheus, scenarios, factor)
    return scenarios.map(({ seed, about }) => {
      const { theirs, ours } = results.get(seed) ?? { theirs: new Map(), ours: new Map() }
      const compared = [...theirs.values()].reduce((sum, said) => sum + said.length, 0)
      return { seed, about, compared, different: saidDifference(theirs, ours), late }
    })
  })
}
