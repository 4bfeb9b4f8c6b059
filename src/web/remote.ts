import { isIP } from 'node:net'
import type { Context } from 'hono'
import type { ServerConfig } from '../config/config.ts'
import type { WebEnv } from './auth.ts'

/**
 * The address that a request comes from. Where a trusted proxy brings it, the last one in X-Forwarded-For that is no trusted
 * proxy itself: everything before that could be made up.
 *
 * @returns '' when it is not known
 */
export function clientAddress(c: Context<WebEnv>, server: ServerConfig): string {
  const peer = peerAddress(c)
  if (!isTrusted(peer, server)) return peer
  const hops = (c.req.header('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  return hops.findLast((hop) => isIP(hop) !== 0 && !isTrusted(hop, server)) ?? peer
}

/** Whether the reader's own connection is encrypted, at midwatch's end or at that of a proxy before it. */
export function isEncrypted(c: Context<WebEnv>, server: ServerConfig): boolean {
  if (server.externalUrl?.startsWith('https:') === true || c.req.url.startsWith('https:')) return true
  const protocol = c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase()
  return protocol === 'https' && isTrusted(peerAddress(c), server)
}

function peerAddress(c: Context<WebEnv>): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return (incoming?.socket?.remoteAddress ?? '').replace(/^::ffff:/, '')
}

function isTrusted(address: string, { trustedProxies }: ServerConfig): boolean {
  return isIP(address) !== 0 && trustedProxies.includes(address)
}
