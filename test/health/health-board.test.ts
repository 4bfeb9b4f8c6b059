import { expect, test } from 'vitest'
import { HealthBoard } from '../../src/health/health-board.ts'
import { degraded, down, unknown, up } from '../../src/model/finding.ts'

const check = (name: string, critical = false) => ({ name, critical, category: 'application' })

test('a check is unknown until it is looked at, and tells of every change once', () => {
  const board = new HealthBoard()
  board.update([check('shop')], 10)
  expect(board.find('shop')).toMatchObject({ status: 'unknown', sinceMs: 10, message: 'not looked at yet' })
  expect(board.note('shop', up(), 20, 1.234)).toEqual({
    name: 'shop',
    atMs: 20,
    from: 'unknown',
    to: 'healthy',
    message: '',
  })
  expect(board.note('shop', up(), 30, 1)).toBeUndefined()
  expect(board.find('shop')).toMatchObject({ sinceMs: 20, lastRunMs: 30, lastSuccessMs: 30, latencyMs: 1 })
  const change = board.note('shop', down('refused', 'nobody listens', { phase: 'connect' }), 40, 1)
  expect(change).toMatchObject({ from: 'healthy', to: 'unhealthy', message: 'nobody listens' })
  expect(board.find('shop')).toMatchObject({ sinceMs: 40, lastSuccessMs: 30, reason: 'refused', phase: 'connect' })
  board.note('shop', up(), 50, 1)
  expect(board.find('shop')).toMatchObject({ message: '', reason: undefined, phase: undefined })
  expect(board.note('nobody', up(), 50, 1)).toBeUndefined()
})

test('the whole is unhealthy with a critical check, degraded with any other, and the unknown changes nothing', () => {
  const board = new HealthBoard()
  board.update([check('a', true), check('b'), check('c', true)], 0)
  expect(board.summary).toEqual({
    status: 'healthy',
    healthy: 0,
    degraded: 0,
    unhealthy: 0,
    unknown: 3,
    maintenance: 0,
    total: 3,
  })
  board.note('b', down('refused', 'x'), 1, 1)
  expect(board.summary.status).toBe('degraded')
  board.note('a', degraded('latency', 'slow'), 1, 1)
  expect(board.summary.status).toBe('degraded')
  board.note('c', unknown('unsupported', 'no way to tell'), 1, 1)
  expect(board.summary.status).toBe('degraded')
  board.note('a', down('timeout', 'x'), 2, 1)
  expect(board.summary).toEqual({
    status: 'unhealthy',
    healthy: 0,
    degraded: 0,
    unhealthy: 2,
    unknown: 1,
    maintenance: 0,
    total: 3,
  })
})

test('a reload keeps what is known of checks that stay, takes their new settings, and drops the others', () => {
  const board = new HealthBoard()
  board.update([check('a'), check('b')], 0)
  board.note('a', down('refused', 'x'), 1, 1)
  board.update([check('a', true), check('c')], 5)
  expect(board.checks.map(({ name, status, critical, sinceMs }) => [name, status, critical, sinceMs])).toEqual([
    ['a', 'unhealthy', true, 1],
    ['c', 'unknown', false, 5],
  ])
})

test('a restart goes on with what was last found, without calling it new', () => {
  const board = new HealthBoard()
  const finding = down('status', 'answered 500', { details: { status: 500 }, phase: 'processing' })
  const remembered = { name: 'a', status: 'unhealthy' as const, sinceMs: 3, lastRunMs: 8, lastSuccessMs: 2, finding }
  board.update([check('a', true)], 10, [remembered])
  expect(board.find('a')).toMatchObject({
    sinceMs: 3,
    message: 'answered 500',
    phase: 'processing',
    details: { status: 500 },
  })
  expect(board.summary.status).toBe('unhealthy')
  expect(board.note('a', down('status', 'answered 503'), 12, 1)).toBeUndefined()
  expect(board.find('a')).toMatchObject({ sinceMs: 3, message: 'answered 503' })
})
