import { createSocket } from 'node:dgram'
import type { Address } from '../lib/address.ts'
import { type DnsAnswer, type DnsQuestion, decodeAnswer, encodeQuestion } from './dns-message.ts'
import { UnexpectedAnswerError } from './socket-error.ts'
import { connectTcp } from './tcp-socket.ts'

/** How a question is carried. */
export type DnsTransport = 'udp' | 'tcp'

/**
 * Asks one server once.
 *
 * @param onConnected called when the question goes out
 * @throws UnexpectedAnswerError, the socket's error or the signal's reason
 */
export async function askDns(
  server: Address,
  port: number,
  question: DnsQuestion,
  transport: DnsTransport,
  { signal, onConnected }: { readonly signal: AbortSignal; readonly onConnected: () => void },
): Promise<DnsAnswer> {
  if (transport === 'tcp') return askOverTcp(server, port, question, signal, onConnected)
  const answer = await askOverUdp(server, port, question, signal, onConnected)
  return answer.isTruncated ? askOverTcp(server, port, question, signal, () => undefined) : answer
}

function askOverUdp(
  { address, family }: Address,
  port: number,
  question: DnsQuestion,
  signal: AbortSignal,
  onConnected: () => void,
): Promise<DnsAnswer> {
  return new Promise<DnsAnswer>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    const finish = (act: () => void) => {
      signal.removeEventListener('abort', abort)
      socket.close()
      act()
    }
    const abort = () => finish(() => reject(signal.reason))
    signal.addEventListener('abort', abort)
    socket.once('error', (error) => finish(() => reject(error)))
    socket.on('message', (message) => {
      try {
        const answer = decodeAnswer(message, question)
        // Anybody can send a packet here; only one with our number in it ends the waiting.
        if (answer !== undefined) finish(() => resolve(answer))
      } catch (error) {
        finish(() => reject(error))
      }
    })
    const connected = (error?: Error | null) => {
      // Where there is no way to the address, Node tells it here and nowhere else.
      if (error !== undefined && error !== null) return finish(() => reject(error))
      onConnected()
      socket.send(encodeQuestion(question), (error) => {
        if (error !== null) finish(() => reject(error))
      })
    }
    // A connected socket hears of a closed port, and takes nothing from other addresses.
    socket.connect(port, address, connected)
  })
}

/** The same messages, each behind two bytes with its length (RFC 1035 section 4.2.2). */
async function askOverTcp(
  server: Address,
  port: number,
  question: DnsQuestion,
  signal: AbortSignal,
  onConnected: () => void,
): Promise<DnsAnswer> {
  const socket = await connectTcp(server, port, signal)
  try {
    onConnected()
    const query = encodeQuestion(question)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.length)
    socket.write(Buffer.concat([length, query]))
    let bytes = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) continue
      const answer = decodeAnswer(bytes.subarray(2, 2 + bytes.readUInt16BE(0)), question)
      if (answer === undefined) throw new UnexpectedAnswerError('protocol', 'the answer belongs to another question')
      return answer
    }
    throw new UnexpectedAnswerError('reset', 'the server closed the connection before its answer was complete')
  } finally {
    socket.destroy()
  }
}
