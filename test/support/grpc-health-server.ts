import { createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { Certificate } from './certificate.ts'
import { listen, type TcpListener } from './listen.ts'

/** What the health service says of each service; by name, '' for the server as a whole. */
export type Health = Readonly<Record<string, 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'>>

const STATUS = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const

/** A server of grpc.health.v1; with a certificate it speaks TLS. */
export async function startGrpcHealth(health: Health, certificate?: Certificate): Promise<TcpListener> {
  const server =
    certificate === undefined ? createServer() : createSecureServer({ cert: certificate.cert, key: certificate.key })
  server.on('session', (session) => void session.on('error', () => undefined))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => answer(stream, String(headers[':path']), Buffer.concat(chunks), health))
  })
  return listen(server as unknown as Parameters<typeof listen>[0] & Http2Server)
}

function answer(stream: ServerHttp2Stream, path: string, frame: Buffer, health: Health): void {
  const content = { ':status': 200, 'content-type': 'application/grpc' }
  const refuse = (status: number, message: string) => {
    stream.respond({ ...content, 'grpc-status': status, 'grpc-message': message }, { endStream: true })
  }
  if (path !== '/grpc.health.v1.Health/Check') {
    refuse(12, `unknown method ${encodeURIComponent(path)}`)
    return
  }
  // Field 1 is the name; an empty one is left out.
  const service = frame.length === 5 ? '' : frame.subarray(7, 7 + (frame[6] ?? 0)).toString('utf8')
  const status = health[service]
  if (status === undefined) {
    refuse(5, 'unknown%20service')
    return
  }
  const message = STATUS[status] === 0 ? [] : [8, STATUS[status]]
  stream.respond(content, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
  stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]))
}
