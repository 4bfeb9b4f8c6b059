import { describe, expect, test } from 'vitest'
import { down, up } from '../../src/model/finding.ts'
import type { MaintenanceWindow } from '../../src/model/maintenance.ts'
import { Night } from './night.ts'

const S = 1000
const M = 60 * S
const START = Date.UTC(2026, 0, 1)

const RULES = `
groups:
  - name: checks
    rules:
      - alert: Down
        expr: probe_success == 0
        for: 1m
`
const CHECKS = ['cart', 'shop']
const isDown = () => down('refused', 'connect: nobody listens there')
const isUp = () => up()

/** From one minute of the night to another. */
function window(fromMinute: number, toMinute: number, checks: readonly string[] = ['shop']): MaintenanceWindow {
  return {
    id: 'w',
    name: 'patching',
    origin: 'config',
    scope: { everything: false, checks, categories: [], matchers: [] },
    times: { kind: 'once', fromMs: START + fromMinute * M, toMs: START + toMinute * M },
    comment: '',
    createdBy: 'config',
  }
}

/** What was told, without the times. */
function told(night: Night): string[] {
  return night.told.map((text) => text.slice(9))
}

describe('during a maintenance window', () => {
  test('an alert is held back, others are told, and it comes at the end when it is still bad', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(2, 20)] })
    await night.advance(3 * M)
    night.find(isDown, 'shop', 'cart')
    await night.advance(15 * M)
    expect(told(night)).toEqual(['first notification: +cart'])
    expect(night.states).toEqual({ cart: 'firing', shop: 'firing' })
    expect(night.storyOf('shop')).toContain(
      'maintenance: in maintenance window patching until 2026-01-01T00:20:00.000Z',
    )
    await night.advance(3 * M)
    expect(night.told.slice(1)).toEqual(['00:20:00 new alerts added: +cart +shop'])
  })

  test('what is well again before the end is told of nobody', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(2, 20)] })
    await night.advance(3 * M)
    night.find(isDown, 'shop')
    await night.advance(10 * M)
    night.find(isUp, 'shop')
    await night.advance(8 * M)
    expect(night.told).toEqual([])
    // Nor as something beside another alert.
    night.find(isDown, 'cart')
    await night.advance(5 * M)
    expect(told(night)).toEqual(['first notification: +cart'])
  })

  test('the end of an alert that was told before is told, whether others of its group fire or not', async () => {
    await using night = await Night.begin({
      rules: RULES,
      checks: CHECKS,
      maintenance: [window(5, 30, ['shop', 'cart'])],
    })
    night.find(isDown, 'shop')
    await night.advance(6 * M)
    // Another one begins within the window: nobody knows it yet, and its message is no reason to tell of it.
    night.find(isDown, 'cart')
    await night.advance(6 * M)
    night.find(isUp, 'shop')
    await night.advance(6 * M)
    expect(told(night)).toEqual(['first notification: +shop', 'all alerts resolved: -shop'])
    await night.advance(15 * M)
    expect(night.told.slice(2)).toEqual(['00:30:00 first notification: +cart'])
  })

  test('what was told before and stays is neither repeated nor taken for over, however long that is', async () => {
    await using night = await Night.begin({
      rules: RULES,
      checks: CHECKS,
      maintenance: [window(5, 90)],
      repeatMs: 10 * M,
    })
    night.find(isDown, 'shop')
    await night.advance(80 * M)
    expect(told(night)).toEqual(['first notification: +shop'])
    night.find(isUp, 'shop')
    await night.advance(5 * M)
    expect(told(night)).toEqual(['first notification: +shop', 'all alerts resolved: -shop'])
  })

  test('a restart changes nothing of it', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(1, 30)] })
    night.find(isDown, 'shop', 'cart')
    await night.advance(8 * M)
    await night.away(7 * M)
    await night.advance(5 * M)
    expect(told(night)).toEqual(['first notification: +cart'])
    await night.advance(12 * M)
    expect(told(night).slice(1)).toEqual(['new alerts added: +cart +shop'])
  })

  test('one that is ended early tells what it held back at the next turn of the group', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(1, 60)] })
    night.find(isDown, 'shop')
    await night.advance(10 * M)
    expect(night.told).toEqual([])
    night.endMaintenance()
    await night.advance(2 * M)
    expect(told(night)).toEqual(['first notification: +shop'])
  })

  test('looks go on and are kept, and do not count to how well the check has done', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(10, 20)] })
    await night.advance(11 * M)
    night.find(isDown, 'shop', 'cart')
    await night.advance(8 * M)
    expect(await night.ask('probe_success{check="shop"}')).toEqual(['probe_success{check="shop", job="probe"} 0'])
    expect(await night.ask('midwatch_check_maintenance')).toEqual([
      'midwatch_check_maintenance{check="shop", job="probe"} 1',
    ])
    expect(await night.ask('midwatch_check_up{check="shop"}')).toEqual([])
    night.find(isUp, 'shop', 'cart')
    await night.advance(11 * M)
    expect(await night.ask('midwatch_check_maintenance')).toEqual([])
    // Down for eight of thirty minutes, of which none counts for the shop.
    expect(await night.ask('avg_over_time(midwatch_check_up{check="shop"}[30m])')).toEqual([
      '{check="shop", job="probe"} 1',
    ])
    const [cart = ''] = await night.ask('avg_over_time(midwatch_check_up{check="cart"}[30m])')
    expect(Number(cart.split(' ').at(-1))).toBeCloseTo(1 - 8 / 30, 1)
  })

  test('the check says so, and does not make the whole unhealthy', async () => {
    await using night = await Night.begin({ rules: RULES, checks: CHECKS, maintenance: [window(2, 20)] })
    await night.advance(3 * M)
    night.find(isDown, 'shop')
    await night.advance(2 * M)
    expect(night.board.find('shop')).toMatchObject({
      status: 'unhealthy',
      maintenance: { window: 'patching', untilMs: START + 20 * M },
    })
    expect(night.board.summary).toEqual({
      status: 'healthy',
      healthy: 1,
      degraded: 0,
      unhealthy: 0,
      unknown: 0,
      maintenance: 1,
      total: 2,
    })
    await night.advance(16 * M)
    expect(night.board.summary).toMatchObject({ status: 'unhealthy', unhealthy: 1, maintenance: 0 })
  })
})
