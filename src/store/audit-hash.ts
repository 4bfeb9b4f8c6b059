import { hash as digest } from 'node:crypto'

/** What happened, as it is handed in: already redacted. */
export interface AuditEntry {
  readonly atMs: number
  readonly receivedMs: number
  /** 32 hex digits. */
  readonly traceId: string
  readonly spanId: string | null
  readonly event: string
  readonly actor: string
  readonly action: string
  readonly resource: string
  readonly outcome: string
  readonly durationMs: number | null
  /** Attributes as JSON text; erasable later without breaking the chain. */
  readonly body: string
}

/** The first record's predecessor. */
export const GENESIS = new Uint8Array(32)

/** The first byte that is hashed and the first element of the array: what the rest means. */
const CANONICAL_VERSION = 1

/**
 * The hash of a record: SHA-256 over `0x01`, the predecessor's hash and a JSON array of the fields in a fixed order, so that
 * any language can verify the chain.
 */
export function auditHash(
  previous: Uint8Array,
  seq: number,
  entry: Omit<AuditEntry, 'body'>,
  bodyHash: Uint8Array,
): Buffer {
  const { atMs, receivedMs, traceId, spanId, event, actor, action, resource, outcome, durationMs } = entry
  const canonical = JSON.stringify([
    CANONICAL_VERSION,
    seq,
    atMs,
    receivedMs,
    traceId,
    spanId,
    event,
    actor,
    action,
    resource,
    outcome,
    durationMs,
    Buffer.from(bodyHash.buffer, bodyHash.byteOffset, bodyHash.byteLength).toString('hex'),
  ])
  const input = roomFor(1 + previous.length, canonical)
  input[0] = CANONICAL_VERSION
  input.set(previous, 1)
  return sha256(input, 1 + previous.length, canonical)
}

/** The hash of a record's attributes; the salt keeps those that were erased from being guessed. */
export function auditBodyHash(salt: Uint8Array, body: string): Buffer {
  const input = roomFor(salt.length, body)
  input.set(salt)
  return sha256(input, salt.length, body)
}

/** Hashes the first bytes and a text behind them. One call, answered as a text, costs half of a hash object and a buffer. */
function sha256(input: Buffer, start: number, text: string): Buffer {
  const end = start + input.write(text, start)
  return Buffer.from(digest('sha256', input.subarray(0, end), 'binary'), 'latin1')
}

const KEPT_BYTES = 64 * 1024
const kept = Buffer.alloc(KEPT_BYTES)

function roomFor(bytes: number, text: string): Buffer {
  const needed = bytes + 3 * text.length
  return needed <= KEPT_BYTES ? kept : Buffer.alloc(needed)
}
