import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResponseReader } from '../../src/probe/http-response.ts'
import { UnexpectedAnswerError } from '../../src/probe/socket-error.ts'

const LIMIT = 1024

/** Reads an answer as one piece, or cut at the places. */
function read(text: string, { method = 'GET', cuts = [] as readonly number[], ends = true } = {}): ResponseReader {
  const bytes = Buffer.from(text, 'latin1')
  const reader = new ResponseReader(method, LIMIT)
  let from = 0
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    if (cut > from) reader.push(bytes.subarray(from, cut))
    from = Math.max(from, cut)
  }
  if (ends) reader.end()
  return reader
}

const CASES = {
  length: ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:2\r\n\r\nhello', 'hello', 5],
  chunked: [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n',
    'hello',
    -1,
  ],
  'until close': ['HTTP/1.0 200\r\n\r\nhello', 'hello', -1],
  'after 100 and 103': [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'ok',
    2,
  ],
  'bare line feeds': ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'ok', 2],
  'no content': ['HTTP/1.1 204 None\r\nContent-Length: 9\r\n\r\n', '', 0],
  'not modified': ['HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n', '', 0],
  'length said twice alike': ['HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\nok', 'ok', 2],
} as const

test.for(Object.entries(CASES))(
  'an answer is read, however it comes in pieces: %s',
  async ([, [text, body, contentLength]]) => {
    await fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const reader = read(text, { cuts })
        expect(reader.isComplete).toBe(true)
        expect(reader.body().toString()).toBe(body)
        expect(reader.head?.contentLength).toBe(contentLength)
      }),
      { numRuns: 40 },
    )
  },
)

test('headers are found by lower-case name, each value by itself', () => {
  const { head } = read(CASES.length[0])
  expect(head).toMatchObject({ status: 200, version: '1.1' })
  expect(head?.headers.get('x-a')).toEqual(['1', '2'])
})

test('an answer to HEAD has no body, whatever it announces', () => {
  const reader = read('HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n', { method: 'HEAD', ends: false })
  expect(reader.isComplete).toBe(true)
  expect(reader.head?.contentLength).toBe(999_999)
})

test('what comes after a switch of protocols is kept', () => {
  const reader = read('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x02ok', { ends: false })
  expect(reader.head?.status).toBe(101)
  expect(reader.rest().toString('latin1')).toBe('\x81\x02ok')
})

test.for([
  ['', 'reset'],
  ['HTTP/1.1 200 OK\r\n', 'reset'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', 'reset'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n', 'reset'],
  ['220 mail.example.org\r\n', 'protocol'],
  ['HTTP/2 200 OK\r\n\r\n', 'protocol'],
  ['HTTP/1.1 OK\r\n\r\n', 'protocol'],
  ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'protocol'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok', 'protocol'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 'protocol'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'protocol'],
  [`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(LIMIT + 1)}`, 'body'],
  [`HTTP/1.1 200 OK\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`, 'body'],
  [`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(60_000)}`, 'protocol'],
] as const)('%j is refused as %s', ([text, reason]) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ reason }))
})

test('whatever comes is an answer or an error of the other side', async () => {
  const pieces = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '3\r\n',
    'abc',
    '\n',
    '0\r\n',
    'ffffffff\r\n',
    '\0',
  )
  await fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (parts) => {
      try {
        read(parts.join(''))
      } catch (error) {
        expect(error).toBeInstanceOf(UnexpectedAnswerError)
      }
    }),
    { numRuns: 300 },
  )
})
