import type { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import type { HostAndPort } from './fields.ts'
import type { Lookup } from './net-target.ts'
import type { ProbeContext } from './probe.ts'
import { UnexpectedAnswerError } from './socket-error.ts'
import { connectTcp, throwIfClosed } from './tcp-socket.ts'

/** The parts of a probe that every connection goes through. */
export type ConnectPhase = 'resolve' | 'connect'

/** Looks a target up and connects to the address that was found. The caller destroys the socket. */
export async function dial(
  { host, port }: HostAndPort,
  {
    lookup,
    phases,
    context,
    prefer,
  }: {
    lookup: Lookup
    phases: { enter(next: ConnectPhase): void }
    context: ProbeContext
    prefer?: 4 | 6 | undefined
  },
): Promise<Socket> {
  const address = await lookup.resolve(host, context, prefer)
  phases.enter('connect')
  return connectTcp(address, port, context.signal)
}

const MAX_TEXT = 64 * 1024

/** Text back and forth on a socket, as in protocols of lines. */
export class Conversation {
  readonly #socket: Socket
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #hasEnded = false
  #error: Error | undefined
  #wake: () => void = () => undefined

  readonly #onData = (bytes: Buffer) => {
    this.#text += this.#decoder.write(bytes)
    this.#wake()
  }
  readonly #onEnd = () => {
    this.#hasEnded = true
    this.#wake()
  }
  readonly #onError = (error: Error) => {
    this.#error = error
    this.#wake()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onError)
  }

  /** Whether the other side has closed the connection in the proper way. */
  get hasEnded(): boolean {
    return this.#hasEnded && this.#error === undefined
  }

  /** What has come and was not taken yet. */
  get pending(): string {
    return this.#text
  }

  /** Resolves when the system has taken the text. */
  send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(text, (error) => (error == null ? resolve() : reject(error)))
    })
  }

  /**
   * Waits until `find` finds something in what has come so far.
   *
   * @param find gives what it found and how many characters of the text are done with it, or undefined to wait for more
   * @throws UnexpectedAnswerError when the connection ends or too much comes before that, or the socket's error
   */
  async receive<T>(find: (text: string) => { readonly found: T; readonly length: number } | undefined): Promise<T> {
    for (;;) {
      const match = find(this.#text)
      if (match !== undefined) {
        this.#text = this.#text.slice(match.length)
        return match.found
      }
      if (this.#error !== undefined) throw this.#error
      if (!this.#hasEnded) throwIfClosed(this.#socket)
      if (this.#hasEnded) throw new UnexpectedAnswerError('reset', 'the other side closed the connection')
      if (this.#text.length > MAX_TEXT) {
        throw new UnexpectedAnswerError('body', `the other side sent more than ${MAX_TEXT / 1024} KiB`)
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Leaves the socket to somebody else. */
  release(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd)
  }
}
