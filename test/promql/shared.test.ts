import { describe, expect, test } from 'vitest'
import { evaluate, parse, type QueryResult, SharedParts, type SharedResults } from '../../src/promql/index.ts'
import { parseSeriesLine } from '../../src/rule/unit-test/series-notation.ts'
import { TestStorage } from './test-storage.ts'

const MINUTE = 60_000
const AT_MS = 5 * MINUTE

function storage(): TestStorage {
  const data = new TestStorage()
  for (const line of ['x_total{i="1"} 0+1x10', 'x_total{i="2"} 0+3x10', 'y 5+0x10']) {
    data.append(parseSeriesLine(line), MINUTE)
  }
  return data
}

/** An expression, and the metric that takes its sum. */
type Member = readonly [text: string, record?: string]

async function evaluateGroup(members: readonly Member[], isShared: boolean) {
  const data = storage()
  const group = members.map(([text, record]) => ({ expr: parse(text), writes: record === undefined ? [] : [record] }))
  const shared: SharedResults | undefined = isShared ? new SharedParts(group).results(AT_MS) : undefined
  const values: QueryResult['value'][] = []
  for (const { expr, writes } of group) {
    const { value } = await evaluate({ expr, atMs: AT_MS }, data, { shared })
    values.push(value)
    const sum = value.type === 'vector' ? value.samples.reduce((sum, sample) => sum + sample.value, 0) : 0
    for (const name of writes) data.append(parseSeriesLine(`${name} ${sum}`), MINUTE, AT_MS)
  }
  return { values, selections: data.selections }
}

describe('expressions of a group that are evaluated at the same time', () => {
  test.each<[what: string, selections: number, members: readonly Member[]]>([
    ['share what is equal', 1, [['sum(rate(x_total[3m]))'], ['sum(rate(x_total[3m])) > 1']]],
    ['share a part of it', 1, [['sum(rate(x_total[3m]))'], ['max(rate(x_total[3m]))'], ['rate(x_total[3m]) * 2']]],
    ['share within one expression', 2, [['x_total > 1 and x_total < y']]],
    [
      'see that order and spaces of matchers make no difference',
      1,
      [['x_total{i="1",j=""}'], ['x_total{ j="", i="1" }']],
    ],
    ['share what scalar() looks at', 1, [['scalar(y) * 2'], ['scalar(y) + 1']]],
    ['do not share what differs by its range', 2, [['rate(x_total[3m])'], ['rate(x_total[4m])']]],
    ['do not share what differs by its offset', 2, [['x_total'], ['x_total offset 1m']]],
    ['do not share with a subquery, whose times are others', 2, [['max_over_time(y[3m:1m])'], ['y']]],
  ])('%s', async (_what, selections, members) => {
    const shared = await evaluateGroup(members, true)
    expect(shared.values).toEqual((await evaluateGroup(members, false)).values)
    expect(shared.selections).toBe(selections)
  })

  test.each<[what: string, selections: number, members: readonly Member[]]>([
    ['by its name', 3, [['sum(z)'], ['y', 'z'], ['sum(z)'], ['sum(z)']]],
    ['by a pattern', 3, [['sum({__name__=~"z.*"})'], ['y', 'zz'], ['sum({__name__=~"z.*"})']]],
    ['by labels alone', 3, [['count({i=~".+"})'], ['y', 'z'], ['count({i=~".+"})']]],
    ['within a range', 3, [['last_over_time(z[5m])'], ['y', 'z'], ['last_over_time(z[5m])']]],
    ['within a subquery', 3, [['last_over_time(z[5m:1m])'], ['y', 'z'], ['last_over_time(z[5m:1m])']]],
    ['and what it does not touch is shared', 2, [['x_total'], ['y', 'z'], ['x_total'], ['x_total{}']]],
    [
      'and a name that is ruled out is not touched',
      2,
      [['{__name__!~"z",i="1"}'], ['y', 'z'], ['{__name__!~"z",i="1"}']],
    ],
  ])('what one of them writes is seen by later ones that select it %s', async (_what, selections, members) => {
    const shared = await evaluateGroup(members, true)
    expect(shared.values).toEqual((await evaluateGroup(members, false)).values)
    expect(shared.selections).toBe(selections)
  })

  test('a query of another time, or of many, goes by itself', async () => {
    const data = storage()
    const expr = parse('sum(x_total)')
    const shared = new SharedParts([
      { expr, writes: [] },
      { expr: parse('sum(x_total)'), writes: [] },
    ]).results(AT_MS)
    const sumAt = async (atMs: number) => (await evaluate({ expr, atMs }, data, { shared })).value
    expect([await sumAt(AT_MS), await sumAt(2 * MINUTE), await sumAt(AT_MS)]).toMatchObject([
      { samples: [{ value: 20 }] },
      { samples: [{ value: 8 }] },
      { samples: [{ value: 20 }] },
    ])
    expect(data.selections).toBe(2)
    const query = { expr, startMs: 0, endMs: AT_MS, stepMs: MINUTE }
    expect((await evaluate(query, data, { shared })).value).toMatchObject({ series: [{ values: { length: 6 } }] })
  })
})
