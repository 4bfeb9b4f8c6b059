import type { Socket } from 'node:net'
import { UnexpectedAnswerError } from './socket-error.ts'

/** What Redis answers: a text, a number, nothing, or an error as a value. */
export type Reply = string | number | null | { readonly error: string }

/** Longer answers are not of the commands that a probe sends. */
const LONGEST_REPLY = 4 * 1024 * 1024

/**
 * Speaks RESP2 over a connected socket: commands go out at once, answers come in the same order.
 *
 * Written by hand since a probe needs ten commands and no reconnecting, and a client library for Redis costs 22 MB of
 * memory as soon as it is loaded.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class RespConnection {
  readonly #socket: Socket
  readonly #waiting: PromiseWithResolvers<Reply>[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #failure: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new UnexpectedAnswerError('reset', 'the server closed the connection')))
  }

  /** @throws the socket's error, or UnexpectedAnswerError when what comes is no RESP */
  send(...command: readonly string[]): Promise<Reply> {
    const answer = Promise.withResolvers<Reply>()
    // Several commands are often sent before the first is waited for.
    answer.promise.catch(() => undefined)
    if (this.#failure !== undefined) answer.reject(this.#failure)
    else {
      this.#waiting.push(answer)
      const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
      this.#socket.write(`*${command.length}\r\n${parts.join('')}`)
    }
    return answer.promise
  }

  #take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    try {
      for (let parsed = parseReply(this.#bytes); parsed !== undefined; parsed = parseReply(this.#bytes)) {
        this.#bytes = this.#bytes.subarray(parsed.end)
        this.#waiting.shift()?.resolve(parsed.reply)
      }
    } catch (error) {
      this.#fail(error as Error)
      this.#socket.destroy()
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const answer of this.#waiting.splice(0)) answer.reject(this.#failure)
  }
}

/**
 * The first reply in `bytes`.
 *
 * @returns undefined when it has not come to its end
 * @throws UnexpectedAnswerError when it is no reply to a command that gives one value
 */
export function parseReply(bytes: Buffer): { readonly reply: Reply; readonly end: number } | undefined {
  if (bytes.length === 0) return undefined
  const type = String.fromCharCode(bytes[0] as number)
  if (!'+-:$'.includes(type)) throw notRedis()
  const lineEnd = bytes.indexOf('\r\n')
  if (lineEnd === -1) {
    if (bytes.length > LONGEST_REPLY) throw notRedis()
    return undefined
  }
  const line = bytes.toString('utf8', 1, lineEnd)
  const end = lineEnd + 2
  if (type === '+') return { reply: line, end }
  if (type === '-') return { reply: { error: line }, end }
  if (!/^-?\d{1,19}$/.test(line)) throw notRedis()
  const number = Number(line)
  if (type === ':') return { reply: number, end }
  if (number === -1) return { reply: null, end }
  if (number < 0 || number > LONGEST_REPLY) throw notRedis()
  if (bytes.length < end + number + 2) return undefined
  if (bytes.toString('latin1', end + number, end + number + 2) !== '\r\n') throw notRedis()
  return { reply: bytes.toString('utf8', end, end + number), end: end + number + 2 }
}

function notRedis(): UnexpectedAnswerError {
  return new UnexpectedAnswerError('protocol', 'what answers there is no Redis server')
}
