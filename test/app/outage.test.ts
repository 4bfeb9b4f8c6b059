import { describe, expect, test } from 'vitest'
import { down, unknown, up } from '../../src/model/finding.ts'
import { Night } from './night.ts'

const S = 1000
const M = 60 * S
const H = 60 * M

const RULES = `
groups:
  - name: checks
    rules:
      - alert: Down
        expr: probe_success == 0
        for: 15m
      - alert: Full
        expr: disk_used_ratio > 0.9
`
const CHECKS = ['cart', 'database', 'search', 'shop']

const isDown = () => down('refused', 'connect: nobody listens there')
const isUnknown = () => unknown('unreachable', 'there is no way out')

/** What was told, without the times. */
function told(night: Night): string[] {
  return night.told.map((text) => text.slice(9))
}

describe.each([
  ['a restart', 20 * S],
  ['an hour without midwatch', H],
  ['a night of power cut', 9 * H],
])('after %s', (_, awayMs) => {
  test('what fires goes on, what is over is told once, and what waits has not waited meanwhile', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS })
    night.find(isDown, 'shop', 'database')
    await night.advance(18 * M)
    expect(told(night)).toEqual(['first notification: +database +shop'])
    night.find(isDown, 'cart')
    await night.advance(5 * M)
    expect(night.states).toEqual({ database: 'firing', shop: 'firing', cart: 'pending' })

    night.find(() => up(), 'database')
    await night.away(awayMs)
    await night.advance(4 * M)
    expect(night.states).toEqual({ shop: 'firing', cart: 'pending' })
    // Nothing of it is news but what is over.
    expect(told(night).slice(1)).toEqual(['some alerts resolved: +shop -database'])
    await night.advance(7 * M)
    expect(night.states).toEqual({ shop: 'firing', cart: 'firing' })
    await night.advance(2 * M)
    expect(told(night)[2]).toMatch(/^new alerts added: \+cart \+shop/)
  })

  test('what comes from elsewhere has time to come again before it is taken for over', async () => {
    await using night = await Night.begin({ rules: RULES, checks: [] })
    await night.push('disk_used_ratio', 0.95, { i: '1' })
    await night.push('disk_used_ratio', 0.95, { i: '2' })
    await night.advance(M)
    expect(told(night)).toEqual(['first notification: +1 +2'])
    await night.away(awayMs)
    await night.advance(45 * S)
    await night.push('disk_used_ratio', 0.95, { i: '1' })
    await night.push('disk_used_ratio', 0.5, { i: '2' })
    await night.advance(3 * M)
    expect(told(night).slice(1)).toEqual(['some alerts resolved: +1 -2'])
  })
})

describe('while checks are unknown', () => {
  test('nothing is repeated, however long that takes, and of what is over afterwards everybody is told', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, repeatMs: 10 * M })
    night.find(isDown, 'shop', 'database')
    await night.advance(18 * M)
    night.find(isUnknown, ...CHECKS)
    await night.advance(H)
    expect(told(night)).toEqual(['first notification: +database +shop'])
    expect(night.states).toEqual({ database: 'firing, frozen', shop: 'firing, frozen' })

    night.find(() => up(), ...CHECKS)
    await night.advance(3 * M)
    expect(told(night).slice(1)).toEqual(['all alerts resolved: -database -shop'])
    expect(night.states).toEqual({})
  })

  test('a restart forgets neither that they are unknown nor how long an alert had waited', async () => {
    await using night = await Night.begin({ rules: RULES, checks: ['shop'] })
    night.find(isDown, 'shop')
    await night.advance(10 * M)
    night.find(isUnknown, 'shop')
    await night.advance(20 * M)
    await night.away(2 * H)
    await night.advance(20 * M)
    expect(night.states).toEqual({ shop: 'pending, frozen' })
    night.find(isDown, 'shop')
    await night.advance(4 * M)
    expect(night.states).toEqual({ shop: 'pending' })
    await night.advance(3 * M)
    expect(night.states).toEqual({ shop: 'firing' })
  })

  test('the story of an alert says why it did not end', async () => {
    await using night = await Night.begin({ rules: RULES, checks: ['shop'] })
    night.find(isDown, 'shop')
    await night.advance(16 * M)
    night.find(isUnknown, 'shop')
    await night.advance(2 * M)
    expect(night.storyOf('shop')).toContain('frozen: it stays firing: shop is unknown: there is no way out')
  })
})
