import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import { refuse } from '../../probe/fields.ts'

const PREFIX = 'whsec_'
const HOW = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
const SHORTEST_BYTES = 24
const LONGEST_BYTES = 64

/** A key that both sides know: `whsec_` and 24 to 64 bytes as base64. */
export const signingSecret = markSecret(
  z
    .string({ error: `is not a secret; ${HOW}` })
    .transform((text, context): Secret => {
      const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined
      if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
        return refuse(context, `does not begin with ${PREFIX} and go on as base64; ${HOW}`)
      }
      const { length } = Buffer.from(encoded, 'base64')
      if (length < SHORTEST_BYTES || length > LONGEST_BYTES) {
        return refuse(context, `has ${length} bytes where ${SHORTEST_BYTES} to ${LONGEST_BYTES} are right; ${HOW}`)
      }
      return new Secret(text)
    })
    .describe('Signs each message with HMAC-SHA256 as Standard Webhooks do: `whsec_` and a key in base64.'),
)

/**
 * The headers by which a receiver knows a message again and, where there is a secret, who sent it: the id stays the same
 * over all tries, the time is that of the try.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardHeaders(
  secret: Secret | undefined,
  { messageId, nowMs, body }: { readonly messageId: string; readonly nowMs: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const headers = { 'webhook-id': messageId, 'webhook-timestamp': timestamp }
  if (secret === undefined) return headers
  const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}
