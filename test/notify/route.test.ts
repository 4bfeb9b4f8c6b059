import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { groupKey, groupLabels, matchRoutes, routeTree } from '../../src/notify/route.ts'

const tree = routeTree({
  receiver: 'root',
  groupBy: ['alertname'],
  groupWaitMs: 10,
  routes: [
    {
      receiver: 'page',
      matchers: [createMatcher('sev', '=', 'page'), createMatcher('area', '!=', '')],
      groupBy: ['alertname', 'sev'],
      routes: [
        { matchers: [createMatcher('area', '=~', 'db|disk')], receiver: 'dba', continue: true },
        { matchers: [], groupBy: ['...'] },
      ],
    },
    { receiver: 'quiet', matchers: [createMatcher('sev', '=', '')], groupBy: [] },
  ],
})

function receivers(labels: Record<string, string>): string[] {
  return matchRoutes(tree, Labels.of(labels)).map(({ receiver }) => receiver)
}

test('takes the deepest node that matches, goes on after `continue`, and falls back to the parent', () => {
  expect(receivers({ sev: 'page', area: 'db' })).toEqual(['dba', 'page'])
  expect(receivers({ sev: 'page', area: 'web' })).toEqual(['page'])
  expect(receivers({ sev: 'page' })).toEqual(['root'])
  // A label that is absent is an empty one.
  expect(receivers({ a: '1' })).toEqual(['quiet'])
})

test('what a node leaves out is its parent’s, and an empty group_by is a word of its own', () => {
  const [dba, all] = matchRoutes(tree, Labels.of({ sev: 'page', area: 'db' }))
  expect(dba).toMatchObject({ groupWaitMs: 10, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 })
  expect(dba?.groupBy).toEqual(['alertname', 'sev'])
  expect(all?.groupBy).toEqual(['...'])
})

test('names groups as Alertmanager does: matchers sorted by name, from the root down', () => {
  const labels = Labels.of({ alertname: 'P', sev: 'page', area: 'db', i: '1' })
  const [dba, all] = matchRoutes(tree, labels)
  if (dba === undefined || all === undefined) throw new Error('two routes match')
  expect(groupKey(dba, groupLabels(dba, labels))).toBe(
    '{}/{area!="",sev="page"}/{area=~"db|disk"}:{alertname="P", sev="page"}',
  )
  expect(groupLabels(all, labels)).toEqual(labels)
  const [quiet] = matchRoutes(tree, Labels.of({ alertname: 'A' }))
  if (quiet === undefined) throw new Error('a route matches')
  expect(groupKey(quiet, groupLabels(quiet, Labels.of({ alertname: 'A' })))).toBe('{}/{sev=""}:{}')
})

test('quotes values in the names of groups as Go does', () => {
  const [route] = matchRoutes(tree, Labels.of({ alertname: 'A' }))
  if (route === undefined) throw new Error('a route matches')
  const labels = Labels.of({ __name__: 'up', path: 'C:\\x', text: 'a\tb "c"\u200b ä' })
  expect(groupKey(route, labels)).toBe(String.raw`{}/{sev=""}:{__name__="up", path="C:\\x", text="a\tb \"c\"\u200b ä"}`)
})
