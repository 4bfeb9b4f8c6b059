import { describe, expect, test } from 'vitest'
import { batchFormat, readBatch } from '../../src/ingest/batch.ts'
import { Faults } from '../../src/ingest/fault.ts'
import { readMetricEntries } from '../../src/ingest/metric-entry.ts'
import { DEFAULT_BUCKETS, type KnownMetrics, planMetrics } from '../../src/ingest/metric-plan.ts'

const NOTHING_KNOWN: KnownMetrics = { metaOf: () => undefined, boundsOf: () => undefined }

async function push(body: unknown, known: KnownMetrics = NOTHING_KNOWN) {
  const batch = readBatch(JSON.stringify(body), 'json', 10_000)
  if (!batch.ok) throw new Error('malformed' in batch ? batch.malformed : batch.faults[0]?.message)
  const faults = new Faults()
  const entries = await readMetricEntries(batch.value, faults)
  const plan = planMetrics(entries, known, faults)
  return { entries, plan, faults: faults.list }
}

const faultsOf = async (body: unknown, known?: KnownMetrics) =>
  (await push(body, known)).faults.map(({ field, message }) => `${field}: ${message}`)

const counter = { name: 'orders_total', type: 'counter', add: 1 }

describe('an entry', async () => {
  test('gets job="push" unless its labels say otherwise', async () => {
    const { plan } = await push([counter, { ...counter, labels: { job: 'shop', model: 'm' } }])
    expect(plan.changes.map(({ labels }) => labels.toString())).toEqual([
      'orders_total{job="push"}',
      'orders_total{job="shop", model="m"}',
    ])
  })

  test('of a gauge ends after a day without pushes, a counter and a histogram never, unless they say how long', async () => {
    const { plan } = await push([
      counter,
      { name: 'a', set: 1 },
      { name: 'b', observe: 1 },
      { name: 'c', set: 1, ttl: '90s' },
      { name: 'd_total', add: 1, ttl: '1h30m' },
    ])
    expect(plan.changes.map(({ ttlMs }) => ttlMs)).toEqual([undefined, 86_400_000, undefined, 90_000, 5_400_000])
  })

  test('may leave its type to what it does', async () => {
    const { entries } = await push([
      { name: 'a_total', add: 0 },
      { name: 'b', set: -2.5 },
      { name: 'c', observe: [1, 2] },
    ])
    expect(entries.map(({ type }) => type)).toEqual(['counter', 'gauge', 'histogram'])
  })

  test('drops labels without a value, as Prometheus does', async () => {
    const { plan } = await push({ ...counter, labels: { model: '', job: '' } })
    expect(plan.changes[0]?.labels.toString()).toBe('orders_total{job="push"}')
  })

  test.each([
    [{ ...counter, add: -1 }, 'add: is negative, and a counter only grows; use a gauge for what also falls'],
    [{ ...counter, add: '5' }, 'add: is a text; write 5 without quotes'],
    [{ ...counter, add: null }, 'add: is null; write a number'],
    [{ name: 'x_total', type: 'counter' }, 'add: is missing; a counter needs it, such as "add": 1'],
    [{ name: 'x' }, 'type: is missing; write counter, gauge or histogram'],
    [{ name: 'x', type: 'summary', observe: 1 }, 'type: "summary" can\'t be pushed; write counter, gauge or histogram'],
    [{ ...counter, set: 1 }, 'set: belongs to a gauge, and this is a counter; write "add" instead'],
    [{ ...counter, buckets: [1] }, 'buckets: belongs to a histogram, and this is a counter; remove it'],
    [{ type: 'counter', add: 1 }, 'name: is missing; write a metric name'],
    [
      { ...counter, name: 'orders-total' },
      'name: "orders-total" is not a metric name; write letters, digits and underscores, such as "orders_total"',
    ],
    [
      { ...counter, name: '2xx_total' },
      'name: "2xx_total" is not a metric name; write letters, digits and underscores, such as "_2xx_total"',
    ],
    [{ ...counter, name: 'a'.repeat(257) }, 'name: is longer than 256 characters'],
    [
      { ...counter, name: 'midwatch_x_total' },
      'name: "midwatch_x_total" is a name of midwatch\'s own metrics; write another, such as "my_midwatch_x_total"',
    ],
    [{ ...counter, name: 'up' }, 'name: "up" is a name of midwatch\'s own metrics; write another, such as "my_up"'],
    [
      { ...counter, value: 1 },
      'value: is not known here; known here: name, type, labels, add, set, observe, buckets, ttl, help, unit',
    ],
    [{ ...counter, label: {} }, 'label: is not known here; did you mean "labels"?'],
    [{ ...counter, labels: [] }, 'labels: is a list; write an object such as {"model":"small"}'],
    [{ ...counter, labels: { code: 500 } }, 'labels.code: is the number 500; write a text such as "500"'],
    [
      { ...counter, labels: { __name__: 'x' } },
      'labels.__name__: begins with __, which is reserved; write another name',
    ],
    [
      { ...counter, labels: { 'a-b': 'x' } },
      'labels.a-b: is not a label name; write letters, digits and underscores, not beginning with a digit',
    ],
    [{ ...counter, labels: { a: 'x'.repeat(4097) } }, 'labels.a: is longer than 4096 bytes'],
    [{ ...counter, labels: { a: 'é'.repeat(2049) } }, 'labels.a: is longer than 4096 bytes'],
    [{ ...counter, labels: { a: '\ud800' } }, 'labels.a: is not valid Unicode'],
    [
      { ...counter, labels: { job: 'probe' } },
      'labels.job: "probe" is a job of midwatch\'s own metrics; write another',
    ],
    [
      { name: 'h', observe: 1, labels: { le: '1' } },
      "labels.le: is set by the histogram's buckets; write another name",
    ],
    [{ name: 'h', observe: [1, 'x'] }, 'observe[1]: is a text; write a number'],
    [
      { name: 'h', observe: 1, buckets: [1, 1] },
      'buckets[1]: is not above the bound before it; write them in ascending order, each once',
    ],
    [{ name: 'h', observe: 1, buckets: [] }, 'buckets: is empty; write upper bounds such as [0.1, 0.5, 1]'],
    [{ name: 'g', set: 1, ttl: 60 }, 'ttl: the number 60 is not a duration; write one such as "90s", "15m" or "24h"'],
    [{ name: 'g', set: 1, ttl: '0' }, 'ttl: "0" is not a duration; write one such as "90s", "15m" or "24h"'],
    [{ name: 'g', set: 1, help: 7 }, 'help: is the number 7; write a text'],
    ['text', ': is a text; write an object such as {"name":"llm_calls_total","type":"counter","add":1}'],
  ])('is refused: %j', async (entry, message) => {
    expect(await faultsOf(entry)).toEqual([message])
  })

  test('is refused when a number is larger than any sum can hold', async () => {
    const batch = readBatch('{"name":"x_total","add":1e999}', 'json', 10)
    const faults = new Faults()
    if (batch.ok) await readMetricEntries(batch.value, faults)
    expect(faults.list).toEqual([{ field: 'add', message: 'is too large to hold; write a finite number' }])
  })

  test('with 65 labels is refused, with 64 it is taken', async () => {
    const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))
    expect(await faultsOf({ ...counter, labels: labels(64) })).toEqual([])
    expect(await faultsOf({ ...counter, labels: labels(65) })).toEqual(['labels: has 65 labels; at most 64 are taken'])
  })

  test('says where it stands in a list, down to the label', async () => {
    expect(await faultsOf([counter, counter, { ...counter, labels: { model: 3 } }])).toEqual([
      '[2].labels.model: is the number 3; write a text such as "3"',
    ])
  })

  test('has no fields but its own: what a prototype has is unknown', async () => {
    const batch = readBatch('{"name":"x_total","add":1,"__proto__":{"ttl":"1s"},"constructor":1}', 'json', 10)
    const faults = new Faults()
    if (batch.ok) await readMetricEntries(batch.value, faults)
    expect(faults.list.map(({ field }) => field)).toEqual(['__proto__', 'constructor'])
  })
})

describe('what is known', async () => {
  const known: KnownMetrics = {
    metaOf: (name) =>
      name === 'latency_seconds'
        ? { type: 'histogram', help: 'Time.', unit: 'seconds' }
        : name === 'queue_size'
          ? { type: 'gauge', help: '' }
          : undefined,
    boundsOf: (name) => (name === 'latency_seconds' ? [0.1, 1] : undefined),
  }

  test('keeps the type of a name', async () => {
    expect(await faultsOf({ name: 'queue_size', add: 1 }, known)).toEqual([
      "type: queue_size is a gauge already, so it can't be a counter; give this one another name",
    ])
  })

  test('keeps the type that the same push gave a name', async () => {
    expect(
      await faultsOf([
        { name: 'x', set: 1 },
        { name: 'x', observe: 1 },
      ]),
    ).toEqual(["[1].type: x is a gauge already, so it can't be a histogram; give this one another name"])
  })

  test('keeps the buckets of a histogram, for new label sets as well', async () => {
    const { plan, faults } = await push({ name: 'latency_seconds', observe: 2, labels: { route: 'b' } }, known)
    expect(faults).toEqual([])
    expect(plan.changes[0]).toMatchObject({ bounds: [0.1, 1] })
    expect(await faultsOf({ name: 'latency_seconds', observe: 2, buckets: [5] }, known)).toEqual([
      'buckets: differ from those that latency_seconds has: [0.1, 1]; leave buckets out, or give this histogram another name',
    ])
    expect(await faultsOf({ name: 'latency_seconds', observe: 2, buckets: [0.1, 1] }, known)).toEqual([])
  })

  test('keeps names apart that a histogram makes', async () => {
    expect(await faultsOf({ name: 'latency_seconds_count', add: 1 }, known)).toEqual([
      'type: latency_seconds_count belongs to the histogram latency_seconds; give this one another name',
    ])
    expect(
      await faultsOf([
        { name: 'y_sum', set: 1 },
        { name: 'y', observe: 1 },
      ]),
    ).toEqual(['[1].type: a histogram y needs the name y_sum, which is a gauge already; give this one another name'])
  })

  test('keeps help and unit when a push names none', async () => {
    expect((await push({ name: 'latency_seconds', observe: 2 }, known)).plan.metas.get('latency_seconds')).toEqual({
      type: 'histogram',
      help: 'Time.',
      unit: 'seconds',
    })
  })

  test('gives a new histogram buckets up to minutes', async () => {
    expect((await push({ name: 'z_seconds', observe: 2 })).plan.changes[0]).toMatchObject({
      bounds: [...DEFAULT_BUCKETS],
    })
  })
})

test('names that break a custom are taken, with a warning', async () => {
  expect(
    (
      await push([
        { name: 'orders', add: 1 },
        { name: 'x_total', set: 1 },
        { name: 'a:b', set: 1 },
      ])
    ).plan.warnings,
  ).toEqual([
    'orders: the name of a counter ends in _total by custom',
    'x_total: only the name of a counter ends in _total by custom',
    'a:b: colons are for the results of recording rules',
  ])
})

test('at most twenty faults are told', async () => {
  expect((await push(Array.from({ length: 100 }, () => 1))).faults).toHaveLength(20)
})

describe('a body', async () => {
  test('is one object, a list, or one object a line', async () => {
    const entries = (text: string, type?: string) => {
      const batch = readBatch(text, batchFormat(type), 10)
      return batch.ok ? batch.value.entries : batch
    }
    expect(entries('{"a":1}')).toEqual([{ a: 1 }])
    expect(entries('[{"a":1},2]', 'application/json')).toEqual([{ a: 1 }, 2])
    expect(entries('{"a":1}\n\n{"a":2}\r\n', 'application/x-ndjson; charset=utf-8')).toEqual([{ a: 1 }, { a: 2 }])
  })

  test('that is malformed says in which line, and how lines have to be announced', async () => {
    expect(readBatch('{"a":1}\n{"a":', 'ndjson', 10)).toMatchObject({
      malformed: expect.stringMatching(/^line 2 is not JSON/),
    })
    expect(readBatch('{"a":1}\n{"a":2}', 'json', 10)).toMatchObject({
      malformed: expect.stringContaining('Content-Type: application/x-ndjson'),
    })
    expect(readBatch('  ', 'json', 10)).toMatchObject({ malformed: expect.stringContaining('empty') })
  })

  test('with more entries than are taken is refused in either form', async () => {
    const message = 'has 11 entries; at most 10 are taken at once, so send it in parts'
    const faults = [{ field: '', message }]
    expect(readBatch(`[${'1,'.repeat(10)}1]`, 'json', 10)).toEqual({ ok: false, faults })
    expect(readBatch('1\n'.repeat(11), 'ndjson', 10)).toEqual({ ok: false, faults })
  })
})
