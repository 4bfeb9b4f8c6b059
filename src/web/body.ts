import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Context } from 'hono'
import { HttpProblem } from './problem.ts'

export interface BodyLimits {
  /** As sent. */
  readonly bytes: number
  /** After decompression. */
  readonly expandedBytes: number
}

export const DEFAULT_LIMITS: BodyLimits = { bytes: 1024 * 1024, expandedBytes: 4 * 1024 * 1024 }

const UTF8 = new TextDecoder('utf-8', { fatal: true })

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) }

/**
 * Reads a request's body, undoes its content encoding, and never holds more than the limits, whatever the headers promise.
 *
 * @throws HttpProblem 413 when it is too large, 415 for an encoding that is not known, 400 when it can't be undone
 */
export async function readBody(c: Context, limits: BodyLimits = DEFAULT_LIMITS): Promise<Buffer> {
  const raw = await collect(c, limits.bytes)
  const encoding = (c.req.header('content-encoding') ?? 'identity').toLowerCase()
  if (encoding === 'identity') return raw
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding as keyof typeof DECODERS] : undefined
  if (decode === undefined) {
    throw new HttpProblem(
      415,
      'Unsupported content encoding',
      `"${encoding}" is not understood; send gzip, deflate, br or none`,
    )
  }
  try {
    return await decode(raw, { maxOutputLength: limits.expandedBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits.expandedBytes)
    throw new HttpProblem(400, 'Unreadable body', `the body is not valid ${encoding}`)
  }
}

/** @throws HttpProblem 400 when it is not UTF-8, and what `readBody` throws */
export async function readText(c: Context, limits: BodyLimits = DEFAULT_LIMITS): Promise<string> {
  const body = await readBody(c, limits)
  try {
    return UTF8.decode(body)
  } catch {
    throw new HttpProblem(400, 'Not UTF-8', 'the body is not valid UTF-8; send it as UTF-8')
  }
}

/** @throws HttpProblem 400 when it is not JSON */
export async function readJson(c: Context, limits: BodyLimits = DEFAULT_LIMITS): Promise<unknown> {
  const text = (await readBody(c, limits)).toString('utf8')
  return parseJson(text)
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new HttpProblem(400, 'Malformed JSON', `the body is not JSON: ${(error as Error).message}`)
  }
}

async function collect(c: Context, maxBytes: number): Promise<Buffer> {
  const announced = c.req.header('content-length')
  if (Number(announced ?? '0') > maxBytes) throw tooLarge(maxBytes)
  if (announced !== undefined) {
    // No more arrives than was announced, so it need not be counted on its way, and nobody has to build a stream for it.
    const body = Buffer.from(await c.req.raw.arrayBuffer())
    if (body.length > maxBytes) throw tooLarge(maxBytes)
    return body
  }
  const stream = c.req.raw.body
  if (stream === null) return Buffer.alloc(0)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of stream as ReadableStream<Uint8Array>) {
    bytes += part.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(maxBytes: number): HttpProblem {
  return new HttpProblem(413, 'Body too large', `at most ${maxBytes} bytes are taken; send it in parts`)
}
