import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../../src/model/labels.ts'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { MetricDescriptions } from '../../../src/probe/scrape/metric-descriptions.ts'
import { labelMaker } from '../../../src/probe/scrape/sample-labels.ts'
import { ScrapedSeries } from '../../../src/probe/scrape/scraped-series.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemorySink } from '../../support/memory-sink.ts'
import { parseConfigs } from './support.ts'

function make(config: Record<string, unknown> = {}) {
  const [parsed] = parseConfigs([{ job_name: 'x', ...config }])
  const sink = new MemorySink()
  const series = new ScrapedSeries({
    labelsOf: labelMaker(Labels.of({ job: 'x' }), parsed!),
    limits: parsed!.limits,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    sink,
    descriptions: new MetricDescriptions(sink),
    clock: new ManualClock(),
  })
  let timeMs = 0
  return {
    sink,
    series,
    /** One scrape; undefined is one that failed before anything was read. */
    async scrape(text: string | undefined): Promise<void> {
      timeMs += 1000
      const batch = new BatchBuilder()
      try {
        if (text === undefined) throw new Error('refused')
        await series.read(Buffer.from(text), 'text')
        await series.commit(batch, timeMs)
      } catch {
        series.fail(batch, timeMs)
      }
      await sink.append(batch.take())
    },
  }
}

test('marks and stores as a plain model does, whatever comes and goes in whatever order', async () => {
  const name = fc.constantFrom('a', 'b', 'c{x="1"}', 'c{x="2"}', 'longer_name{y="z"}', 'dropped')
  const scrape = fc.oneof(
    { weight: 6, arbitrary: fc.uniqueArray(name, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant('fails' as const) },
    { weight: 1, arbitrary: fc.constant('broken' as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(scrape, { maxLength: 12 }), async (scrapes) => {
      const { sink, scrape: run } = make({
        metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'dropped', action: 'drop' }],
      })
      const stored = new Map<string, (number | 'stale')[]>()
      let living = new Set<string>()
      for (const [i, names] of scrapes.entries()) {
        const isRead = Array.isArray(names)
        await run(
          names === 'fails' ? undefined : isRead ? names.map((one) => `${one} ${i}\n`).join('') : 'a 1\nb 2\nwrong\n',
        )
        const now = new Set<string>(isRead ? names.filter((one) => one !== 'dropped') : [])
        for (const one of now) stored.set(one, [...(stored.get(one) ?? []), i])
        for (const one of living) if (!now.has(one)) stored.get(one)?.push('stale')
        living = now
      }
      for (const [text, values] of stored) {
        const labels = text.replace(/\{|$/, text.includes('{') ? '{job="x", ' : '{job="x"}')
        expect([labels, sink.values(labels)]).toEqual([labels, values])
      }
      expect(sink.labels).toHaveLength(stored.size)
    }),
    { numRuns: 200 },
  )
})

test('does not grow with series that come once and never again', async () => {
  const { series, sink, scrape } = make()
  const text = (round: number) =>
    Array.from({ length: 2000 }, (_, i) => `requests_total{id="${i < 1000 ? i : `${round}-${i}`}"} ${round}\n`).join('')
  await scrape(text(0))
  await scrape(text(1))
  const bytes = series.byteLength
  for (let round = 2; round < 12; round++) await scrape(text(round))
  expect(series.byteLength).toBeLessThan(bytes * 4)
  expect(series.counts).toMatchObject({ scraped: 2000, added: 1000 })
  expect(sink.values('requests_total{id="5", job="x"}')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  expect(sink.values('requests_total{id="3-1500", job="x"}')).toEqual([3, 'stale'])
})

test('lets others have the thread while it reads a long exposition', async () => {
  const { series, scrape, sink } = make()
  const text = Array.from({ length: 60_000 }, (_, i) => `requests_total{id="${i}"} ${i}\n`).join('')
  let turns = 0
  const count = setInterval(() => turns++, 1)
  await scrape(text)
  clearInterval(count)
  expect(turns).toBeGreaterThan(2)
  expect(series.counts.postRelabel).toBe(60_000)
  expect(sink.values('requests_total{id="59999", job="x"}')).toEqual([59_999])
})
