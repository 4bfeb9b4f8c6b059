import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MaintenanceCalendar } from '../../src/health/maintenance-calendar.ts'
import { Labels } from '../../src/model/labels.ts'
import type { MaintenanceScope, MaintenanceTimes, MaintenanceWindow } from '../../src/model/maintenance.ts'
import { createMatcher } from '../../src/model/matcher.ts'

const M = 60_000
const H = 60 * M

function window(times: MaintenanceTimes, scope: Partial<MaintenanceScope> = { everything: true }): MaintenanceWindow {
  const nothing = { everything: false, checks: [], categories: [], matchers: [] }
  return {
    id: 'w',
    name: 'w',
    origin: 'config',
    scope: { ...nothing, ...scope },
    times,
    comment: '',
    createdBy: 'config',
  }
}

function recurring(cron: string, timezone: string, forMs: number): MaintenanceTimes {
  return { kind: 'recurring', cron, timezone, forMs }
}

function calendar(...windows: readonly MaintenanceWindow[]): MaintenanceCalendar {
  const made = new MaintenanceCalendar()
  made.update(windows)
  return made
}

/** When it is active between two moments, minute by minute, as `23:30–01:30` in UTC. */
function spans(one: MaintenanceCalendar, from: string, to: string): string[] {
  const found: string[] = []
  const text = (ms: number) => new Date(ms).toISOString().slice(5, 16).replace('T', ' ')
  let sinceMs: number | undefined
  for (let atMs = Date.parse(from); atMs <= Date.parse(to); atMs += M) {
    const isActive = one.activeAt(atMs).length > 0
    if (isActive && sinceMs === undefined) sinceMs = atMs
    if (!isActive && sinceMs !== undefined) {
      found.push(`${text(sinceMs)} – ${text(atMs)}`)
      sinceMs = undefined
    }
  }
  return found
}

test('a window that is there once begins at its first moment and is over at its last', () => {
  const once = calendar(window({ kind: 'once', fromMs: 10 * H, toMs: 12 * H }))
  expect(once.activeAt(10 * H - 1)).toEqual([])
  expect(once.activeAt(10 * H)).toMatchObject([{ startsAtMs: 10 * H, endsAtMs: 12 * H }])
  expect(once.activeAt(12 * H - 1)).toHaveLength(1)
  expect(once.activeAt(12 * H)).toEqual([])
})

test('a window at 2:30 every night has its whole length when the clocks in Berlin are put forward, and back', () => {
  const nightly = () => calendar(window(recurring('30 2 * * *', 'Europe/Berlin', 2 * H)))
  // 2:30 is not there on 29 March: it begins with the first minute that is. The evening before it is 01:30 UTC.
  expect(spans(nightly(), '2026-03-28T00:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
    '03-28 01:30 – 03-28 03:30',
    '03-29 01:00 – 03-29 03:00',
    '03-30 00:30 – 03-30 02:30',
  ])
  // 2:30 is there twice on 25 October; one window is enough.
  expect(spans(nightly(), '2026-10-24T00:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
    '10-24 00:30 – 10-24 02:30',
    '10-25 00:30 – 10-25 02:30',
    '10-26 01:30 – 10-26 03:30',
  ])
})

test('a window from Saturday evening to Monday morning goes over the night of the change and keeps its length', () => {
  const weekend = calendar(window(recurring('0 20 * * SAT', 'America/New_York', 34 * H)))
  expect(spans(weekend, '2026-03-07T00:00:00Z', '2026-03-10T12:00:00Z')).toEqual(['03-08 01:00 – 03-09 11:00'])
  expect(spans(weekend, '2026-10-31T00:00:00Z', '2026-11-03T12:00:00Z')).toEqual(['11-01 00:00 – 11-02 10:00'])
})

test('what is asked in any order is answered as if nothing was remembered', () => {
  const windows = [
    window(recurring('*/40 * * * *', 'UTC', 25 * M)),
    { ...window({ kind: 'once', fromMs: 3 * H, toMs: 5 * H + 7 * M }), name: 'x' },
  ]
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10 * H })), (moments) => {
      const remembering = calendar(...windows)
      for (const atMs of moments) expect(remembering.activeAt(atMs)).toEqual(calendar(...windows).activeAt(atMs))
    }),
  )
})

test('the window that ends last is the one that says until when', () => {
  const both = calendar(
    { ...window({ kind: 'once', fromMs: 0, toMs: 2 * H }), name: 'short' },
    { ...window({ kind: 'once', fromMs: H, toMs: 5 * H }), name: 'long' },
  )
  expect(both.of(Labels.of({ alertname: 'A' }), H)?.window.name).toBe('long')
})

test('one that was ended early is over, and comes again at its next time', () => {
  const nightly = window(recurring('0 2 * * *', 'UTC', 2 * H))
  const cut = new MaintenanceCalendar()
  cut.update([nightly], new Map([['w', { startsAtMs: 2 * H, endedMs: 3 * H }]]))
  expect(cut.activeAt(3 * H - 1)).toHaveLength(1)
  expect(cut.activeAt(3 * H)).toEqual([])
  expect(cut.activeAt(27 * H)).toHaveLength(1)
})

const CHECKS = [
  { name: 'shop', labels: Labels.of({ check: 'shop', category: 'web', team: 'shop', probe: 'http', job: 'probe' }) },
  {
    name: 'names',
    labels: Labels.of({ check: 'names', category: 'network', team: 'ops', probe: 'dns', job: 'probe' }),
  },
  { name: 'backup', labels: Labels.of({ check: 'backup', category: 'jobs', team: 'ops', probe: 'heartbeat' }) },
]

test.each([
  ['a name', { checks: ['names'] }, ['names']],
  ['a category', { categories: ['jobs', 'web'] }, ['shop', 'backup']],
  ['a label', { matchers: [createMatcher('team', '=', 'ops')] }, ['names', 'backup']],
  [
    'labels that all have to match',
    { matchers: [createMatcher('team', '=', 'ops'), createMatcher('probe', '!=', 'dns')] },
    ['backup'],
  ],
  ['a name and a category', { checks: ['shop'], categories: ['jobs'] }, ['shop', 'backup']],
  ['everything', { everything: true }, ['shop', 'names', 'backup']],
] as const)(
  '%s says which checks are in it, of whatever kind they are, and which alerts about them',
  (_, scope, expected) => {
    const one = calendar(window({ kind: 'once', fromMs: 0, toMs: H }, scope))
    one.watch(CHECKS)
    expect(CHECKS.map(({ name }) => name).filter((name) => one.ofCheck(name, 1) !== undefined)).toEqual(expected)
    // Rules that sum up leave of a check's labels only its name.
    const bare = CHECKS.filter(({ name }) => one.of(Labels.of({ alertname: 'A', check: name }), 1) !== undefined)
    expect(bare.map(({ name }) => name)).toEqual(expected)
    expect(one.ofCheck('shop', 2 * H)).toBeUndefined()
  },
)

test('alerts that are about no check are in it by their labels', () => {
  const one = calendar(
    window({ kind: 'once', fromMs: 0, toMs: H }, { matchers: [createMatcher('instance', '=~', 'db.*')] }),
  )
  expect(one.of(Labels.of({ alertname: 'HostDiskFull', instance: 'db1' }), 1)).toBeDefined()
  expect(one.of(Labels.of({ alertname: 'HostDiskFull', instance: 'web1' }), 1)).toBeUndefined()
})
