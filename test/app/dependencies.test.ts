import { expect, test } from 'vitest'
import { down, up } from '../../src/model/finding.ts'
import { composeMessage } from '../../src/notify/message.ts'
import { Night } from './night.ts'

const S = 1000
const M = 60 * S

const RULES = `
groups:
  - name: checks
    rules:
      - alert: Down
        expr: probe_success == 0
        for: 1m
        annotations: { summary: '{{ $labels.check }} is down' }
`
const DEPENDENTS = ['cart', 'search', 'shop']
const CHECKS = ['database', 'mail', ...DEPENDENTS.map((name) => ({ name, dependsOn: ['database'] }))]

const isDown = () => down('refused', 'connect: nobody listens there')
const isUp = () => up()

/** What was told, without the times. */
function told(night: Night): string[] {
  return night.told.map((text) => text.slice(9))
}

test('one message tells of the parent and of what is held back because of it', async () => {
  await using night = await Night.begin({ rules: RULES, checks: CHECKS })
  await night.advance(M)
  night.find(isDown, 'database', ...DEPENDENTS)
  await night.advance(4 * M)
  expect(told(night)).toEqual(['first notification: +database'])
  const [message] = night.notifications
  const text = composeMessage(message as NonNullable<typeof message>, night.nowMs)
  expect(text.alerts[0]?.heldBack).toBe('3 alerts of cart, search and shop, which depend on database')
  expect(night.storyOf('shop')).toContain('dependency: it depends on database, which is down')
})

test('dependents that are well again with their parent are told of nobody', async () => {
  await using night = await Night.begin({ rules: RULES, checks: CHECKS })
  night.find(isDown, 'database', ...DEPENDENTS)
  await night.advance(5 * M)
  night.find(isUp, 'database', ...DEPENDENTS)
  await night.advance(5 * M)
  expect(told(night)).toEqual(['first notification: +database', 'all alerts resolved: -database'])
})

test('a dependent that still fires when its parent is back is told then', async () => {
  await using night = await Night.begin({ rules: RULES, checks: CHECKS })
  night.find(isDown, 'database', ...DEPENDENTS)
  await night.advance(5 * M)
  night.find(isUp, 'database', 'cart', 'search')
  await night.advance(5 * M)
  expect(told(night)).toEqual([
    'first notification: +database',
    'all alerts resolved: -database',
    // An end that was told may stand in the next message again, as in Alertmanager.
    'first notification: +shop -database',
  ])
})

test('what was told before the parent went down is told as over when it is, and not as long as it is not', async () => {
  await using night = await Night.begin({ rules: RULES, checks: CHECKS })
  night.find(isDown, 'shop', 'mail')
  await night.advance(3 * M)
  night.find(isDown, 'database', 'cart')
  await night.advance(4 * M)
  expect(told(night)).toEqual(['first notification: +mail +shop', 'new alerts added: +database +mail +shop'])
  // The parent stays down; one child is over, and another one, of which nobody knows, as well.
  night.find(isUp, 'shop', 'cart')
  await night.advance(3 * M)
  expect(told(night).slice(2)).toEqual(['some alerts resolved: +database +mail -shop'])
})
