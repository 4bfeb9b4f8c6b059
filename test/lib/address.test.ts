import { expect, test } from 'vitest'
import { ForbiddenAddressError, isAllowed, resolveAddress } from '../../src/lib/address.ts'

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '0.0.0.0',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
])('metadata and link-local addresses are no target: %s', (address) => {
  expect(isAllowed(address, 'any')).toBe(true)
  expect(isAllowed(address, 'no-link-local')).toBe(false)
  expect(isAllowed(address, 'public-only')).toBe(false)
})

test.each([
  '127.0.0.1',
  '10.0.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '198.18.0.1',
  '::1',
  'fc00::1',
  '64:ff9b::a00:1',
  '2002:a00::1',
  '::127.0.0.1',
])('private addresses are a target of checks, and of nothing that is public only: %s', (address) => {
  expect(isAllowed(address, 'no-link-local')).toBe(true)
  expect(isAllowed(address, 'public-only')).toBe(false)
})

test.each(['1.1.1.1', '172.32.0.1', '192.167.1.1', '2606:4700::1111'])('public ones are a target: %s', (address) => {
  expect(isAllowed(address, 'public-only')).toBe(true)
})

test('a network without IPv4 reaches public and private IPv4 targets through its translator, and no metadata', () => {
  expect(isAllowed('64:ff9b::808:808', 'no-link-local')).toBe(true)
  expect(isAllowed('64:ff9b::a9fe:a9fe', 'no-link-local')).toBe(false)
})

test('looks at a literal as it stands, in brackets too, and refuses it in words', async () => {
  expect(await resolveAddress('[::1]', { policy: 'no-link-local' })).toEqual({ address: '::1', family: 6 })
  const refused = resolveAddress('169.254.169.254', { policy: 'no-link-local' })
  await expect(refused).rejects.toThrow(ForbiddenAddressError)
  await expect(refused).rejects.toThrow('169.254.169.254, which is not allowed as a target')
})

test('a name gives an address of the family that is preferred, and need not be waited for', async () => {
  expect((await resolveAddress('localhost', { policy: 'any', prefer: 4 })).address).toBe('127.0.0.1')
  const stopped = AbortSignal.abort(new Error('enough'))
  await expect(resolveAddress('localhost', { policy: 'any', signal: stopped })).rejects.toThrow('enough')
})
