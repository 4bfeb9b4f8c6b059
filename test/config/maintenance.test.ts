import { expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { load, loadFine, problemTexts } from './support.ts'

function windows(...lines: readonly string[]): string {
  return `checks: [{ name: shop, http: "https://shop.example.org", category: web, labels: { team: shop } }]
maintenance:
${lines.map((line) => `  - ${line}\n`).join('')}`
}

test('times may have an offset, or be what the clocks show in a time zone', () => {
  const { maintenance } = loadFine(
    windows(
      '{ name: a, from: 2026-12-01T20:00:00+01:00, to: 2026-12-01T23:30:00Z, checks: [shop] }',
      '{ name: b, from: 2026-07-01 20:00, for: 90m, timezone: Europe/Berlin, categories: [web] }',
      '{ name: c, from: 2026-07-01, to: 2026-07-02, timezone: Asia/Kolkata, everything: true }',
    ),
  )
  const times = maintenance.map(({ times: one }) =>
    one.kind === 'once' ? [one.fromMs, one.toMs].map((ms) => new Date(ms).toISOString()) : [],
  )
  expect(times).toEqual([
    ['2026-12-01T19:00:00.000Z', '2026-12-01T23:30:00.000Z'],
    ['2026-07-01T18:00:00.000Z', '2026-07-01T19:30:00.000Z'],
    ['2026-06-30T18:30:00.000Z', '2026-07-01T18:30:00.000Z'],
  ])
})

test('a time that the clocks never show, or show twice, is the one after the gap and the first of the two', () => {
  const { maintenance } = loadFine(
    windows(
      '{ name: a, from: 2026-03-29T02:30, for: 1h, timezone: Europe/Berlin, checks: [shop] }',
      '{ name: b, from: 2026-10-25T02:30, for: 1h, timezone: Europe/Berlin, checks: [shop] }',
      '{ name: c, from: 2026-10-25T03:00, for: 1h, timezone: Europe/Berlin, checks: [shop] }',
    ),
  )
  const starts = maintenance.map(({ times: one }) => (one.kind === 'once' ? new Date(one.fromMs).toISOString() : ''))
  expect(starts).toEqual(['2026-03-29T01:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-25T02:00:00.000Z'])
})

test('what is shown of a window can be read again, and says the same', () => {
  const config = loadFine(
    windows(
      `{ name: a, cron: "0 2 * * SUN", timezone: Europe/Berlin, for: 2h, checks: [shop], matchers: ['team="shop"', 'x!~"y|z"'] }`,
      '{ name: b, from: 2026-12-01T20:00:00Z, for: 90m, categories: [web], comment: "move: racks" }',
      '{ name: c, cron: "30 3 1 * *", for: 10m, everything: true }',
    ),
  )
  const { maintenance } = describeConfig(config)
  const again = loadFine(JSON.stringify({ checks: [{ name: 'shop', tcp: 'a:1', category: 'web' }], maintenance }))
  expect(again.maintenance.map(({ scope, ...rest }) => ({ ...rest, scope: JSON.stringify(scope) }))).toEqual(
    config.maintenance.map(({ scope, ...rest }) => ({ ...rest, scope: JSON.stringify(scope) })),
  )
})

test('without checks of its own a config may name the one that is there by itself, and those of midwatch', () => {
  expect(
    loadFine(
      'maintenance: [{ name: a, cron: "0 2 * * *", for: 1h, checks: [host, midwatch-disk], categories: [midwatch] }]',
    ).maintenance,
  ).toHaveLength(1)
})

test.each([
  [
    '{ name: a, for: 2h, checks: [shop] }',
    'does not say when it is; write {cron: "0 2 * * SUN", for: 2h} or {from: 2026-12-01T20:00:00Z, for: 3h}',
  ],
  ['{ name: a, cron: "0 2 * * *", checks: [shop] }', 'does not say how long it takes each time; write for: 2h'],
  [
    '{ name: a, from: 2026-12-01T20:00:00Z, checks: [shop] }',
    'does not say when it ends; write for: 2h, or to with a time',
  ],
])('%s is refused: %s', (line, message) => {
  expect(problemTexts(load(windows(line)))).toEqual([expect.stringContaining(message)])
})
