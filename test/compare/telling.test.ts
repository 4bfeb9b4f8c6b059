import { expect, test } from 'vitest'
import { describePeer } from '../support/peers.ts'
import { complaintsOf } from './report.ts'
import { compareTelling } from './telling/compare.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => i)

describePeer('alertmanager', (alertmanager) => {
  test('alerts, silences and configuration of a dozen generated scenarios come to the webhooks that Alertmanager sends', async () => {
    const verdicts = await compareTelling(alertmanager, SEEDS)
    expect(complaintsOf(verdicts)).toEqual([])
    // The comparison is worth something only when there is much to tell.
    expect(verdicts.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(8 * SEEDS.length)
  }, 600_000)
})
