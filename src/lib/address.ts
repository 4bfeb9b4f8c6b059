import { lookup as systemLookupCallback } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** What may be connected to. Metadata services of clouds and link-local ranges are never a legitimate target. */
export type AddressPolicy = 'any' | 'no-link-local' | 'public-only'

/** A target is not allowed by policy. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
}

/** What clouds answer at besides 169.254.169.254: Alibaba, Azure, Oracle; AWS and Google over IPv6. */
const METADATA = [
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
] as const
const linkLocal = blockList([...METADATA, '169.254.0.0/16', 'fe80::/10', '0.0.0.0/8'])
const notPublic = blockList([
  ...METADATA,
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
])

/** Whether a connection to `address` (an IP literal) stays within the policy. */
export function isAllowed(address: string, policy: AddressPolicy): boolean {
  if (policy === 'any') return true
  const key = `${policy} ${address}`
  const known = judged.get(key)
  if (known !== undefined) return known
  if (judged.size >= MAX_JUDGED) judged.clear()
  const allowed = judge(address, policy)
  judged.set(key, allowed)
  return allowed
}

/** A monitor connects to the same addresses all day. */
const judged = new Map<string, boolean>()
const MAX_JUDGED = 10_000

function judge(address: string, policy: Exclude<AddressPolicy, 'any'>): boolean {
  const list = policy === 'no-link-local' ? linkLocal : notPublic
  const bytes = addressBytes(address)
  if (bytes.length === 4) return !list.check(bytes.join('.'), 'ipv4')
  if (bytes.length !== 16 || list.check(address.split('%')[0] as string, 'ipv6')) return false
  return carriedIpv4(bytes).every((carried) => !list.check(carried.join('.'), 'ipv4'))
}

/**
 * The bytes of an IP address: 4, or 16 of an IPv6 address that is no IPv4 address in IPv6's spelling; none for what is no
 * address.
 */
export function addressBytes(address: string): readonly number[] {
  if (isIP(address) === 4) return address.split('.').map(Number)
  const plain = address.split('%')[0] as string
  if (isIP(plain) !== 6) return []
  const [head = '', tail] = plain.split('::')
  const first = groups(head)
  const last = groups(tail ?? '')
  const all = [...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last]
  return startsWith(all, [...zeros(10), 0xff, 0xff]) ? all.slice(12) : all
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/**
 * IPv4 addresses to which an IPv6 address leads through a translator or a tunnel.
 *
 * @see RFC 4291 section 2.5.5.1, RFC 6052, RFC 8215, RFC 7915, RFC 3056, RFC 4380, RFC 5214
 */
function carriedIpv4(bytes: readonly number[]): readonly (readonly number[])[] {
  const last = bytes.slice(12)
  const isLoopback = startsWith(bytes, zeros(15)) && bytes[15] === 1
  if (startsWith(bytes, zeros(12))) return isLoopback ? [] : [last]
  if (startsWith(bytes, [...zeros(8), 0xff, 0xff, 0, 0])) return [last]
  // What name servers of networks without IPv4 make of every IPv4 address.
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b, ...zeros(8)])) return [last]
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b])) {
    return [last, [bytes[6], bytes[7], bytes[9], bytes[10]] as number[]]
  }
  if (startsWith(bytes, [0x20, 0x02])) return [bytes.slice(2, 6)]
  if (startsWith(bytes, [0x20, 0x01, 0, 0])) return [bytes.slice(4, 8), last.map((byte) => byte ^ 0xff)]
  if ((bytes[8] === 0 || bytes[8] === 2) && startsWith(bytes.slice(9), [0, 0x5e, 0xfe])) return [last]
  return []
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte)
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0)
}

/**
 * Resolves a host name, or takes an IP literal as it is (Node never calls `lookup` for those, so the check has to be
 * here), and refuses what the policy does not allow. Connect to the returned address, not to the name again.
 *
 * @throws ForbiddenAddressError, or the resolver's error (`ENOTFOUND`, `EAI_AGAIN`)
 */
export async function resolveAddress(
  host: string,
  { policy, prefer, signal }: { policy: AddressPolicy; prefer?: 4 | 6; signal?: AbortSignal },
): Promise<Address> {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const literal = isIP(bare)
  const found: Address[] =
    literal !== 0
      ? [{ address: bare, family: literal as 4 | 6 }]
      : ((await untilAborted(systemLookup(bare, { all: true, order: 'verbatim' }), signal)) as Address[])
  const ordered =
    prefer === undefined ? found : found.toSorted((a, b) => Number(b.family === prefer) - Number(a.family === prefer))
  const allowed = ordered.find(({ address }) => isAllowed(address, policy))
  if (allowed !== undefined) return allowed
  throw forbidden(host, ordered)
}

/**
 * For `net.connect` and what is built on it: the addresses of a name that the policy allows, judged as they are connected
 * to. Node asks nobody about a host that is written as an address; see `refuseLiteral`.
 */
export function allowedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, { all, family, hints }, callback) => {
    systemLookupCallback(hostname, { all: true, family: family ?? 0, hints: hints ?? 0 }, (error, found) => {
      if (error !== null) return callback(error, '')
      const allowed = found.filter(({ address }) => isAllowed(address, policy))
      const [first] = allowed
      if (first === undefined) return callback(forbidden(hostname, found as Address[]), '')
      if (all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

/** @throws ForbiddenAddressError for a host that is an address, in brackets or not, which the policy does not allow */
export function refuseLiteral(host: string, policy: AddressPolicy): void {
  const address = host.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family !== 0 && !isAllowed(address, policy)) throw forbidden(host, [{ address, family: family as 4 | 6 }])
}

function forbidden(host: string, found: readonly Address[]): ForbiddenAddressError {
  const addresses = found.map(({ address }) => address).join(', ')
  return new ForbiddenAddressError(
    `${host} is ${addresses}, which is not allowed as a target (link-local, metadata or private address)`,
  )
}

/** The system resolver can't be stopped; the caller need not wait for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, bits] = range.split('/') as [string, string]
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
