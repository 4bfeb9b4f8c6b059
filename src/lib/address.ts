import { lookup as systemLookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

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

const linkLocal = blockList(['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '100.100.100.200/32', '0.0.0.0/8'])
const notPublic = blockList([
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
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
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

function judge(address: string, policy: AddressPolicy): boolean {
  const plain = address.split('%')[0] as string
  const list = policy === 'no-link-local' ? linkLocal : notPublic
  return !list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
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
  throw new ForbiddenAddressError(
    `${host} is ${ordered.map(({ address }) => address).join(', ')}, which is not allowed as a target (link-local, metadata or private address)`,
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
