import { expect, test } from 'vitest'
import { formatTraceparent, newTraceId, normalizeTraceId, parseTraceparent } from '../../src/model/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('reads a traceparent, of a later version too, and what it prints itself', () => {
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN })
  expect(parseTraceparent(` cc-${TRACE}-${SPAN}-00-what-comes-next `)).toEqual({ traceId: TRACE, spanId: SPAN })
  const id = newTraceId()
  expect(parseTraceparent(formatTraceparent(id))?.traceId).toBe(id)
})

test.each([
  undefined,
  '',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
])('anything else is as good as absent: %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined()
})

test('takes a trace id as a UUID or in capitals, and nothing that is none', () => {
  expect(normalizeTraceId('0AF76519-16CD-43DD-8448-EB211C80319C')).toBe(TRACE)
  expect(normalizeTraceId('0'.repeat(32))).toBeUndefined()
  expect(normalizeTraceId('abc')).toBeUndefined()
})
