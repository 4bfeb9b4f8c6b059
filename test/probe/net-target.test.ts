import { expect, test } from 'vitest'
import { addressHash, displayUrl, resolveTarget } from '../../src/probe/net-target.ts'
import { probeContext } from '../support/probe-context.ts'

test('an address is hashed as blackbox_exporter does', () => {
  expect(addressHash('127.0.0.1')).toBe(3_668_918_509)
  // FNV-1a, 32 bits, over fifteen zeros and a one.
  expect(addressHash('::1')).toBe(fnv([...new Array<number>(15).fill(0), 1]))
  expect(addressHash('2001:db8::ff00:42:8329')).toBe(
    fnv([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29]),
  )
  expect(addressHash('2001:0db8:0:0:0:ff00:0042:8329')).toBe(addressHash('2001:db8::ff00:42:8329'))
  expect(addressHash('fe80::1%eth0')).toBe(addressHash('fe80::1'))
  expect(addressHash('::ffff:127.0.0.1')).toBe(addressHash('127.0.0.1'))
})

test('localhost is loopback of the family that is asked for', async () => {
  expect(await resolveTarget('localhost', probeContext())).toEqual({ address: '127.0.0.1', family: 4 })
  expect(await resolveTarget('localhost', probeContext(), 6)).toEqual({ address: '::1', family: 6 })
})

test('a URL is shown without its credentials', () => {
  expect(displayUrl(new URL('https://me:hunter2@shop.example.org/a?api_key=hunter2&q=1#hunter2'))).toBe(
    'https://shop.example.org/a?api_key=***&q=1',
  )
})

function fnv(bytes: readonly number[]): number {
  let hash = 0x811c9dc5n
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn
  return Number(hash)
}
