import fc from 'fast-check'
import nodeCron from 'node-cron'
import { expect, test } from 'vitest'
import { load, loadFine } from './support.ts'

const evaluation = (line: string) => `evaluation: { cron: ${JSON.stringify(line)} }`

test.each(['* * * * *', '*/15 * * * * *', '0 3 * * MON-FRI', '0 3 1,15 * *', '0 0 29 2 *', '30 8-18/2 * JAN-MAR 0'])(
  'takes %s',
  (line) => {
    expect(loadFine(evaluation(line)).evaluation.cron).toBe(line)
  },
)

test('takes spaces for what they are', () => {
  expect(loadFine(evaluation('  0  3 * * * ')).evaluation.cron).toBe('0 3 * * *')
})

test('takes nothing that the scheduler would refuse', () => {
  const number = fc.integer({ min: 0, max: 70 }).map(String)
  const part = fc.oneof(
    fc.constantFrom('*', '*/5', 'L', '?', 'MON', 'SUN-TUE', 'jan', '5#2', '15W', '', '@daily', '1-', '5-1'),
    number,
    fc.tuple(number, number).map(([from, to]) => `${from}-${to}`),
    fc.tuple(number, number).map((both) => both.join(',')),
    number.map((step) => `*/${step}`),
  )
  const lines = fc.array(part, { minLength: 4, maxLength: 7 }).map((parts) => parts.join(' '))
  fc.assert(
    fc.property(lines, (line) => {
      const { config } = load(evaluation(line))
      return config === undefined || nodeCron.validate(config.evaluation.cron)
    }),
    { numRuns: 400 },
  )
})
