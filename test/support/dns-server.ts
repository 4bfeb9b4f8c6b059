import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What the server answers; records as `[type, data]` under the name that was asked for. */
export interface DnsReply {
  readonly code?: number
  readonly answers?: readonly (readonly [type: number, data: Buffer])[]
  readonly authority?: readonly (readonly [type: number, data: Buffer])[]
  readonly additional?: readonly (readonly [type: number, data: Buffer])[]
  readonly isTruncated?: boolean
}

/** Gets the query as it came; answers with a reply, with bytes as they are, or with nothing. */
type Answer = (query: Buffer, over: 'udp' | 'tcp') => DnsReply | Buffer | undefined

export interface DnsServer extends AsyncDisposable {
  readonly port: number
  readonly queries: readonly { readonly over: 'udp' | 'tcp'; readonly name: string }[]
}

/** A name server on one free loopback port, UDP and TCP. */
export async function startDnsServer(answer: Answer): Promise<DnsServer> {
  const queries: { over: 'udp' | 'tcp'; name: string }[] = []
  const take = (query: Buffer, over: 'udp' | 'tcp'): Buffer | undefined => {
    queries.push({ over, name: nameIn(query) })
    const given = answer(query, over)
    return given === undefined || Buffer.isBuffer(given) ? given : encodeReply(query, given)
  }
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const reply = take(bytes.subarray(2), 'tcp')
      // In two pieces, since TCP keeps no borders.
      if (reply !== undefined) socket.write(withLength(reply).subarray(0, 3))
      if (reply !== undefined) setImmediate(() => socket.write(withLength(reply).subarray(3)))
    })
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (query, from) => {
    const reply = take(query, 'udp')
    if (reply !== undefined) udp.send(reply, from.port, from.address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  return {
    port,
    queries,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      udp.close()
      tcp.close()
      await once(tcp, 'close')
    },
  }
}

/** The bytes of a name without compression. */
export function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.from([0]),
  ])
}

export function encodeReply(query: Buffer, reply: DnsReply): Buffer {
  const { code = 0, answers = [], authority = [], additional = [], isTruncated = false } = reply
  const header = Buffer.alloc(12)
  header.writeUInt16BE(query.readUInt16BE(0), 0)
  header.writeUInt16BE(0x8180 | (isTruncated ? 0x0200 : 0) | code, 2)
  ;[1, answers.length, authority.length, additional.length].forEach((count, i) => {
    header.writeUInt16BE(count, 4 + i * 2)
  })
  const records = [...answers, ...authority, ...additional].map(([type, data]) => {
    const head = Buffer.alloc(12)
    // The name is the one in the question, at byte 12.
    head.writeUInt16BE(0xc00c, 0)
    head.writeUInt16BE(type, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt32BE(300, 6)
    head.writeUInt16BE(data.length, 10)
    return Buffer.concat([head, data])
  })
  return Buffer.concat([header, query.subarray(12), ...records])
}

function nameIn(query: Buffer): string {
  const labels: string[] = []
  for (let at = 12; (query[at] ?? 0) > 0; at += 1 + (query[at] as number)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] as number)))
  }
  return labels.join('.')
}

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}
