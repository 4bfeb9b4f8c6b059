import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { NO_SAMPLES } from '../../src/model/sample.ts'
import { evaluate, type NewestSample, type Queryable, type SelectedSeries } from '../../src/promql/index.ts'

const SECOND = 1000

function series(name: string, offered: Partial<SelectedSeries>): SelectedSeries {
  return { labels: Labels.of({ __name__: name, i: '1' }), samples: () => NO_SAMPLES, ...offered }
}

function having(...all: SelectedSeries[]): Queryable {
  return { select: ({ matchers }) => all.filter(({ labels }) => matchers.every((m) => m.matches(labels.get(m.name)))) }
}

describe('a source that knows the newest sample of a series', () => {
  const asked: [number, number][] = []
  const newest = (sample: NewestSample | undefined) => (startMs: number, endMs: number) => {
    asked.push([startMs, endMs])
    return sample
  }
  const data = having(
    series('x', { newest: newest({ timeMs: 9 * SECOND, value: 7, isStale: false }) }),
    series('stale', { newest: newest({ timeMs: 9 * SECOND, value: Number.NaN, isStale: true }) }),
    series('none', { newest: newest(undefined) }),
  )

  async function ask(text: string): Promise<string[]> {
    const { value } = await evaluate({ text, atMs: 10 * SECOND }, data, { lookbackMs: 4 * SECOND })
    return value.type === 'vector' ? value.samples.map(({ labels, value }) => `${labels} ${value}`) : []
  }

  test('is asked for that alone by an instant selector, within its lookback', async () => {
    expect(await ask('x')).toEqual(['x{i="1"} 7'])
    expect(asked.splice(0)).toEqual([[6 * SECOND, 10 * SECOND]])
    expect(await ask('x offset 3s')).toEqual(['x{i="1"} 7'])
    expect(asked.splice(0)).toEqual([[3 * SECOND, 7 * SECOND]])
  })

  test('gives a time to timestamp(), and nothing where the newest is a staleness marker', async () => {
    expect(await ask('timestamp(x)')).toEqual(['{i="1"} 9'])
    expect(await ask('{__name__=~"x|stale|none"}')).toEqual(['x{i="1"} 7'])
  })
})

describe('a source that answers later', () => {
  const one = (value: number) => series('x', { newest: () => ({ timeMs: 0, value, isStale: false }) })

  test('is waited for', async () => {
    let asked = 0
    const data: Queryable = { select: async () => [one(++asked)] }
    const { value } = await evaluate({ text: 'x + x * 10', atMs: 0 }, data)
    expect(value).toMatchObject({ samples: [{ value: 21 }] })
  })

  test('and that fails fails the query with its own error', async () => {
    const data: Queryable = { select: () => Promise.reject(new Error('the disk is gone')) }
    await expect(evaluate({ text: 'sum(x)', atMs: 0 }, data)).rejects.toThrow('the disk is gone')
  })
})

describe('answers from roll-ups', () => {
  const data = having(
    series('new', {}),
    series('old', { rollupsToMs: Date.UTC(2026, 9, 17, 4) }),
    series('older', { rollupsToMs: Date.UTC(2026, 8, 1) }),
  )
  const atMs = Date.UTC(2026, 9, 18)
  const told = (time: string, at: string) =>
    `PromQL info: answered from roll-ups before ${time}, sums are exact, times between are not (${at})`

  test.each([
    ['sum_over_time(old[1d])', [told('2026-10-17T04:00:00Z', '1:15')]],
    ['sum_over_time(old[19h])', []],
    ['sum_over_time(older[1d])', []],
    ['sum_over_time(new[30d])', []],
    ['sum_over_time(older[30d]) + sum_over_time(older[60d] offset 1d)', [told('2026-09-01T00:00:00Z', '1:43')]],
    ['sum_over_time({__name__=~"old|older"}[60d])', [told('2026-10-17T04:00:00Z', '1:15')]],
    ['old offset 20h', [told('2026-10-17T04:00:00Z', '1:1')]],
    ['sum_over_time(old[1d:1h])', [told('2026-10-17T04:00:00Z', '1:15')]],
  ])('%s says so once for every selector that reads them', async (text, expected) => {
    expect((await evaluate({ text, atMs }, data)).infos).toEqual(expected)
  })

  test('a range query says so when its first window reaches so far', async () => {
    const query = {
      text: 'sum_over_time(old[1h])',
      startMs: atMs - 20 * 3600 * SECOND,
      endMs: atMs,
      stepMs: 3600 * SECOND,
    }
    expect((await evaluate(query, data)).infos).toEqual([told('2026-10-17T04:00:00Z', '1:15')])
  })
})
