import { expect, test } from 'vitest'
import { Dependencies } from '../../src/health/dependencies.ts'
import { HealthBoard } from '../../src/health/health-board.ts'
import { down, type Finding, unknown, up } from '../../src/model/finding.ts'

const S = 1000
const isDown = down('refused', 'nobody listens')

/** page → shop → database → disk, and cart → database. */
const CHECKS = [
  { name: 'page', dependsOn: ['shop'] },
  { name: 'shop', dependsOn: ['database'] },
  { name: 'cart', dependsOn: ['database'] },
  { name: 'database', dependsOn: ['disk'] },
  { name: 'disk', dependsOn: [] },
].map((check) => ({ ...check, everyMs: 30 * S, critical: false, category: 'application' }))

function bench() {
  const board = new HealthBoard()
  board.update(CHECKS, 0)
  const dependencies = new Dependencies(CHECKS, board)
  const find = (atMs: number, finding: Finding, ...names: string[]) => {
    for (const name of names) board.note(name, finding, atMs, 1)
  }
  find(0, up(), ...CHECKS.map(({ name }) => name))
  return { dependencies, find }
}

test('the nearest check above that is down is the cause, past those that are not', () => {
  const { dependencies, find } = bench()
  expect(dependencies.causeOf('page', S)).toBeUndefined()
  find(S, isDown, 'disk')
  expect(dependencies.causeOf('page', S)).toEqual({ name: 'disk', recoveredMs: undefined })
  find(S, isDown, 'database')
  expect(dependencies.causeOf('page', S)).toEqual({ name: 'database', recoveredMs: undefined })
  expect(dependencies.causeOf('database', S)).toEqual({ name: 'disk', recoveredMs: undefined })
  expect(dependencies.causeOf('disk', S)).toBeUndefined()
  expect(dependencies.causeOf('no such check', S)).toBeUndefined()
})

test('one that is unknown is the cause of nothing', () => {
  const { dependencies, find } = bench()
  find(S, unknown('unreachable', 'no way out'), 'database')
  expect(dependencies.causeOf('shop', S)).toBeUndefined()
})

test('one that came back counts until its dependents have been looked at again', () => {
  const { dependencies, find } = bench()
  find(S, isDown, 'database')
  find(100 * S, up(), 'database')
  expect(dependencies.causeOf('shop', 130 * S)).toEqual({ name: 'database', recoveredMs: 100 * S })
  expect(dependencies.causeOf('shop', 175 * S)).toBeUndefined()
})

test('everything below a check that is down is held back by it', () => {
  const { dependencies, find } = bench()
  expect(CHECKS.map(({ name }) => dependencies.isNeeded(name))).toEqual([false, true, false, true, true])
  find(S, isDown, 'database')
  const heldBack = CHECKS.map(({ name }) => name).filter((name) => dependencies.isHeldBackBy(name, 'database'))
  expect(heldBack).toEqual(['page', 'shop', 'cart'])
  find(2 * S, up(), 'database')
  expect(dependencies.isHeldBackBy('shop', 'database')).toBe(false)
})
