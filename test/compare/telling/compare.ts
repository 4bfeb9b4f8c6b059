import { playUntilClear, type Verdict } from '../report.ts'
import { toldDifference } from './difference.ts'
import { tellingScenario } from './generator.ts'
import { playTelling } from './run.ts'

/** More at once would make each other late. */
const AT_ONCE = 14

/**
 * Holds what midwatch tells against what Alertmanager tells, in the scenarios of these seeds.
 *
 * @param alertmanager the program
 */
export function compareTelling(alertmanager: string, seeds: readonly number[]): Promise<readonly Verdict[]> {
  return playUntilClear(seeds.map(tellingScenario), AT_ONCE, async ({ scenarios, factor }) => {
    const results = await playTelling(alertmanager, scenarios, factor)
    return scenarios.map(({ seed, about }) => {
      const { theirs, ours, late } = results.get(seed) ?? { theirs: [], ours: [], late: 'it was not played' }
      const difference = toldDifference(theirs, ours, factor)
      const tardy = difference?.isTime === true ? `only the times differ: ${difference.text}` : undefined
      const different = tardy === undefined ? difference?.text : undefined
      return { seed, about, compared: theirs.length, different, late: late ?? tardy }
    })
  })
}
