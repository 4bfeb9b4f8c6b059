import { randomBytes } from 'node:crypto'
import { UnexpectedAnswerError } from './socket-error.ts'

/** What stands in one message of a WebSocket. */
export interface Message {
  readonly kind: 'text' | 'binary' | 'close' | 'ping' | 'pong'
  readonly payload: Buffer
}

const KINDS: Readonly<Record<number, Message['kind']>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }
const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

const MAX_MESSAGE_BYTES = 1024 * 1024

/** A message as one masked frame, as clients have to send it (RFC 6455 section 5.3). */
export function encodeFrame(kind: Message['kind'], payload: Uint8Array): Buffer {
  const { length } = payload
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.alloc(2 + size + 4 + length)
  frame[0] = 0x80 | OPCODES[kind]
  frame[1] = 0x80 | (size === 0 ? length : size === 2 ? 126 : 127)
  if (size === 2) frame.writeUInt16BE(length, 2)
  if (size === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  mask.copy(frame, 2 + size)
  for (let i = 0; i < length; i++) frame[6 + size + i] = (payload[i] as number) ^ (mask[i % 4] as number)
  return frame
}

/** Puts the messages of a server together from the bytes of a connection. */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0)
  #kind: Message['kind'] | undefined
  #parts: Buffer[] = []
  #partBytes = 0

  push(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
  }

  /**
   * The next message that is complete, or undefined.
   *
   * @throws UnexpectedAnswerError where the bytes are not as RFC 6455 has them
   */
  next(): Message | undefined {
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      const { opcode, isFinal, payload } = frame
      // Control frames may come between the parts of a message.
      if (opcode >= 8) return { kind: KINDS[opcode] ?? violated(`opcode ${opcode}`), payload }
      if ((opcode === 0) !== (this.#kind !== undefined)) violated('a part of a message without its beginning')
      this.#kind ??= KINDS[opcode] ?? violated(`opcode ${opcode}`)
      this.#parts.push(payload)
      this.#partBytes += payload.length
      if (this.#partBytes > MAX_MESSAGE_BYTES) throw tooLong()
      if (!isFinal) continue
      const message = { kind: this.#kind, payload: Buffer.concat(this.#parts) }
      this.#kind = undefined
      this.#parts = []
      this.#partBytes = 0
      return message
    }
    return undefined
  }

  #frame(): { opcode: number; isFinal: boolean; payload: Buffer } | undefined {
    const pending = this.#pending
    if (pending.length < 2) return undefined
    const [first, second] = pending as unknown as [number, number]
    if ((first & 0x70) !== 0) violated('bits that belong to no extension')
    if ((second & 0x80) !== 0) violated('a masked frame, which only clients send')
    const short = second & 0x7f
    const headBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
    if (pending.length < headBytes) return undefined
    const length = short === 126 ? pending.readUInt16BE(2) : short === 127 ? Number(pending.readBigUInt64BE(2)) : short
    if (length > MAX_MESSAGE_BYTES) throw tooLong()
    if (pending.length < headBytes + length) return undefined
    this.#pending = pending.subarray(headBytes + length)
    const payload = pending.subarray(headBytes, headBytes + length)
    return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload }
  }
}

function violated(what: string): never {
  throw new UnexpectedAnswerError('protocol', `broke the WebSocket protocol: it sent ${what}`)
}

function tooLong(): UnexpectedAnswerError {
  return new UnexpectedAnswerError('body', `sent a message of more than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB`)
}
