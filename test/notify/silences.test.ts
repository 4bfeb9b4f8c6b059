import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher, type MatchOp } from '../../src/model/matcher.ts'
import { SilenceError, Silences } from '../../src/notify/silences.ts'

const NOW = Date.UTC(2026, 2, 1, 8)
const HOUR = 3_600_000

const request = (...matchers: readonly (readonly [string, MatchOp, string])[]) => ({
  matchers: matchers.map(([name, op, value]) => createMatcher(name, op, value)),
  startsAtMs: NOW,
  endsAtMs: NOW + HOUR,
  createdBy: 'jo',
  comment: 'moving the racks',
})

test('what is not one team can be silenced, though it holds for alerts without a team', () => {
  const silences = new Silences()
  silences.set(request(['team', '!=', 'racks']), NOW)
  silences.set(request(['zone', '!~', 'eu-.+']), NOW)
  const silenced = (labels: Record<string, string>) => silences.silencesOf(Labels.of(labels), NOW).length
  expect(silenced({ alertname: 'A' })).toBe(2)
  expect(silenced({ alertname: 'A', team: 'racks', zone: 'eu-1' })).toBe(0)
})

test.each([[['team', '=', '']], [['team', '=~', '.*']], [['team', '=~', 'racks|']]] as const)(
  'a silence that only asks for what may be absent is refused: %j',
  (matcher) => {
    expect(() => new Silences().set(request(matcher), NOW)).toThrow(SilenceError)
  },
)

test('ending a silence once more changes nothing and is no error', () => {
  const silences = new Silences()
  const { id } = silences.set(request(['team', '=', 'racks']), NOW)
  expect(silences.expire(id, NOW + 1000).changed).toHaveLength(1)
  expect(silences.expire(id, NOW + 2000)).toEqual({ id, changed: [] })
  expect(silences.find(id)).toMatchObject({ endsAtMs: NOW + 1000, updatedAtMs: NOW + 1000 })
})
