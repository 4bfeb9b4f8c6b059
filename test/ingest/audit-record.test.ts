import { describe, expect, test } from 'vitest'
import { readAuditRecords } from '../../src/ingest/audit-record.ts'
import { isDeeperThan } from '../../src/ingest/depth.ts'
import { Faults } from '../../src/ingest/fault.ts'
import { readTime } from '../../src/ingest/time.ts'
import { redact } from '../../src/lib/redact.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const order = { event: 'order.created', actor: 'shop' }

async function read(...entries: unknown[]) {
  const faults = new Faults()
  const batch = { entries, place: (i: number) => (entries.length === 1 ? '' : `[${i}]`) }
  const records = await readAuditRecords(batch, { nowMs: NOW, traceId: TRACE, spanId: SPAN }, faults)
  return { records, faults: faults.list.map(({ field, message }) => `${field}: ${message}`) }
}

const nested = (levels: number): unknown => (levels === 0 ? 'x' : { a: nested(levels - 1) })

describe('a record', async () => {
  test('happened now, on the journey of the request, unless it says otherwise', async () => {
    expect((await read(order)).records).toMatchObject([
      { atMs: NOW, traceId: TRACE, spanId: SPAN, event: 'order.created' },
    ])
    const own = {
      ...order,
      time: '2026-03-01T11:59:59.5+01:00',
      trace_id: '123E4567-E89B-12D3-A456-426614174000',
      span_id: 'B7AD6B7169203331',
    }
    expect((await read(own)).records).toMatchObject([
      {
        atMs: Date.parse('2026-03-01T10:59:59.500Z'),
        traceId: '123e4567e89b12d3a456426614174000',
        spanId: 'b7ad6b7169203331',
      },
    ])
  })

  test('of another journey is not under the span of the caller', async () => {
    expect((await read({ ...order, trace_id: TRACE.replace('4', '5') })).records[0]?.spanId).toBeUndefined()
  })

  test('may have null where it has nothing to say', async () => {
    const { records, faults } = await read({
      ...order,
      time: null,
      action: null,
      trace_id: null,
      attributes: null,
      duration_ms: null,
    })
    expect(faults).toEqual([])
    expect(records[0]).toMatchObject({ atMs: NOW, traceId: TRACE, action: undefined })
  })

  test.each([
    [{ actor: 'shop' }, 'event: is missing; write a text'],
    [{ event: ' ', actor: 'shop' }, 'event: is empty; write a text'],
    [{ event: 'x', actor: 7 }, 'actor: is the number 7; write a text'],
    [{ ...order, actor: 'Midwatch' }, 'actor: is midwatch itself; write who really did it'],
    [{ ...order, event: 'x'.repeat(257) }, 'event: is longer than 256 characters'],
    [{ ...order, resource: 'a\nb' }, 'resource: has control characters; write plain text'],
    [{ ...order, outcome: '\udfff' }, 'outcome: is not valid Unicode'],
    [
      { ...order, user: 'jane' },
      'user: is not known here; put it under "attributes"; known here: time, event, actor, action, resource, outcome, duration_ms, trace_id, span_id, attributes',
    ],
    [{ ...order, traceId: TRACE }, 'traceId: is not known here; put it under "attributes"; did you mean "trace_id"?'],
    [{ ...order, time: '2026-03-01T12:00:00' }, 'time: has no zone; write Z or an offset such as +02:00 behind it'],
    [{ ...order, time: '2026-03-02T12:00:00.001Z' }, 'time: is more than a day in the future'],
    [{ ...order, time: NOW / 1000 }, 'time: looks like seconds; write milliseconds, or ISO 8601'],
    [{ ...order, time: 'yesterday' }, 'time: is not a time; write one such as "2026-03-01T12:00:00Z"'],
    [{ ...order, duration_ms: -1 }, 'duration_ms: is the number -1; write milliseconds, 0 or more'],
    [{ ...order, duration_ms: '5' }, 'duration_ms: is a text; write milliseconds, 0 or more'],
    [{ ...order, trace_id: 'abc' }, 'trace_id: is not an id; write 32 hex digits or a UUID, not all zero'],
    [{ ...order, trace_id: '0'.repeat(32) }, 'trace_id: is not an id; write 32 hex digits or a UUID, not all zero'],
    [{ ...order, span_id: 5 }, 'span_id: is not an id; write 16 hex digits, not all zero'],
    [{ ...order, attributes: [1] }, 'attributes: is a list; write an object'],
    [{ ...order, attributes: nested(33) }, 'attributes: is nested deeper than 32 levels; flatten it'],
    [
      { ...order, attributes: { a: 'x'.repeat(70_000) } },
      'attributes: is longer than 65536 characters as JSON; keep what matters',
    ],
    [null, ': is null; write an object such as {"event":"order.created","actor":"shop"}'],
  ])('is refused: %j', async (entry, message) => {
    expect((await read(entry)).faults).toEqual([message])
  })

  test('says where it stands among others', async () => {
    expect((await read(order, { ...order, duration_ms: 'x' })).faults).toEqual([
      '[1].duration_ms: is a text; write milliseconds, 0 or more',
    ])
  })

  test('keeps attributes as deep as it may have them through the masking of secrets', async () => {
    const attributes = nested(32)
    expect((await read({ ...order, attributes })).faults).toEqual([])
    expect(JSON.stringify(redact(attributes))).toBe(JSON.stringify(attributes))
  })
})

test('depth is told without recursion', async () => {
  const deep = JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`)
  expect(isDeeperThan(deep, 32)).toBe(true)
  expect(isDeeperThan([[], {}], 2)).toBe(false)
  expect(isDeeperThan([[], {}], 1)).toBe(true)
  expect(isDeeperThan('text', 0)).toBe(false)
})

test.each([
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T12:00Z', '2026-03-01T12:00:00.000Z'],
  ['2026-03-01t12:00:00.123456789z', '2026-03-01T12:00:00.123Z'],
  ['2026-03-01 12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
  ['1772366400000', '2026-03-01T12:00:00.000Z'],
  [1772366400000.4, '2026-03-01T12:00:00.000Z'],
])('the time %s is %s', (written, iso) => {
  expect(readTime(written)).toEqual({ ok: true, ms: Date.parse(iso) })
})

test.each(['', 'now', '2026-13-01T00:00:00Z', '2026-03-01T25:00:00Z', '1e400', 1e30, Number.NaN, {}, null, true])(
  '%s is no time',
  (written) => {
    expect(readTime(written)).toMatchObject({ ok: false })
  },
)
