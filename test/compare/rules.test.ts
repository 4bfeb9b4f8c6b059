import { expect, test } from 'vitest'
import { describePeer } from '../support/peers.ts'
import { complaintsOf } from './report.ts'
import { compareRules } from './rules/compare.ts'
import { xxhash64 } from './rules/slot-offset.ts'

const SEEDS = Array.from({ length: 12 }, (_, i) => i)

test('hashes as Prometheus does to find out when it evaluates a group', () => {
  const hash = (text: string) => xxhash64(Buffer.from(text)).toString(16)
  expect([hash(''), hash('abc'), hash('Nobody inspects the spammish repetition')]).toEqual([
    'ef46db3751d8e999',
    '44bc2cf5ad770999',
    'fbcea83c8a378bf1',
  ])
})

describePeer('prometheus', (prometheus) => {
  test('rules and series of a dozen generated scenarios make the alerts that Prometheus posts', async () => {
    const verdicts = await compareRules(prometheus, SEEDS)
    expect(complaintsOf(verdicts)).toEqual([])
    // The comparison is worth something only when there is much to say.
    expect(verdicts.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(20 * SEEDS.length)
  }, 600_000)
})
