import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** What a link acknowledges: one alert, or those of a group that fired when the message was made. */
export type AckTarget =
  | { readonly kind: 'alert'; readonly fingerprint: string; readonly startsAtMs: number }
  | { readonly kind: 'group'; readonly receiver: string; readonly groupKey: string; readonly sentMs: number }

/** What somebody came with. */
export type AckLink =
  | Extract<AckTarget, { kind: 'alert' }>
  | { readonly kind: 'group'; readonly groupId: string; readonly sentMs: number }
  | { readonly kind: 'expired' }

/** Long enough for whoever reads the message after a weekend. */
const VALID_MS = 7 * 24 * 3_600_000
const TOKEN = /^([\w-]{22})\.((?:a[0-9a-f]{16}|g[0-9a-f]{16})\.([0-9a-z]{1,9})\.([0-9a-z]{1,9}))$/

/**
 * Links by which whoever got a message acknowledges what it tells, without signing in: HMAC-SHA-256 over what it is about,
 * since when, and until when the link is good. It opens a page; only what that page posts changes anything.
 */
export class AckLinks {
  readonly #key: KeyObject

  /** @param key 32 random bytes that stay the same, so that links outlive a restart */
  constructor(key: Uint8Array) {
    // Once, since messages about thousands of alerts have thousands of links.
    this.#key = createSecretKey(key)
  }

  /** The path of a link that is made now. */
  pathTo(target: AckTarget, nowMs: number): string {
    const [what, sinceMs] =
      target.kind === 'alert'
        ? [`a${target.fingerprint}`, target.startsAtMs]
        : [`g${this.groupId(target)}`, target.sentMs]
    const claim = `${what}.${Math.round(sinceMs).toString(36)}.${Math.round(nowMs + VALID_MS).toString(36)}`
    // What ends in a dash, as a signature may, is cut by programs that look for links in texts.
    return `/ack/${this.#sign(claim)}.${claim}`
  }

  /** Names a group in links. */
  groupId({ receiver, groupKey }: { readonly receiver: string; readonly groupKey: string }): string {
    return createHmac('sha256', this.#key).update(`group\n${receiver}\n${groupKey}`).digest('hex').slice(0, 16)
  }

  /** @returns undefined for what is no link of ours */
  read(token: string, nowMs: number): AckLink | undefined {
    const [, signature = '', claim = '', since = '', until = ''] = TOKEN.exec(token) ?? []
    if (!timingSafeEqual(Buffer.from(this.#sign(claim)), Buffer.from(signature.padEnd(22)))) return undefined
    if (Number.parseInt(until, 36) <= nowMs) return { kind: 'expired' }
    const id = claim.slice(1, 17)
    const sinceMs = Number.parseInt(since, 36)
    return claim.startsWith('a')
      ? { kind: 'alert', fingerprint: id, startsAtMs: sinceMs }
      : { kind: 'group', groupId: id, sentMs: sinceMs }
  }

  /** 128 bits. */
  #sign(claim: string): string {
    return createHmac('sha256', this.#key).update(`ack\n${claim}`).digest().subarray(0, 16).toString('base64url')
  }
}
