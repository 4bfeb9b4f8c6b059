import { once } from 'node:events'
import { createGzip } from 'node:zlib'
import type { Context } from 'hono'
import { Turns } from '../lib/turns.ts'
import type { WebEnv } from './auth.ts'

/** Below this gzip costs more than it saves. */
const MIN_GZIP_BYTES = 1024
/**
 * Short enough to be had from the C library's heap. Megabytes in one piece would have to be cleared by the system page by page
 * before they can be written, and nobody else would get a turn meanwhile.
 */
const BLOCK_CHARACTERS = 60_000

/**
 * Answers with a text that is made piece by piece, packed when the asker takes gzip. Others get their turn while it is made,
 * and an error while making it is still an error for the asker rather than half an answer.
 */
export async function sendText(
  c: Context<WebEnv>,
  pieces: Iterable<string>,
  contentType: string,
  vary = 'Accept-Encoding',
): Promise<Response> {
  const blocks: Uint8Array<ArrayBuffer>[] = []
  const turns = new Turns()
  let text = ''
  let bytes = 0
  const flush = () => {
    const block = Buffer.from(text)
    blocks.push(block)
    bytes += block.length
    text = ''
  }
  for (const piece of pieces) {
    text += piece
    if (text.length >= BLOCK_CHARACTERS) flush()
    if (turns.isOver()) await turns.next()
  }
  flush()
  const headers = { 'content-type': contentType, 'cache-control': 'no-store', vary }
  if (bytes < MIN_GZIP_BYTES || !acceptsGzip(c.req.header('accept-encoding'))) return answerWith(c, blocks, headers)
  return answerWith(c, await packed(blocks), { ...headers, 'content-encoding': 'gzip' })
}

function answerWith(
  c: Context<WebEnv>,
  blocks: readonly Uint8Array<ArrayBuffer>[],
  headers: Record<string, string>,
): Response {
  const [only] = blocks
  if (only !== undefined && blocks.length === 1) return c.body(only, 200, headers)
  const length = blocks.reduce((sum, block) => sum + block.length, 0)
  const rest = blocks.values()
  const turns = new Turns()
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (turns.isOver()) await turns.next()
      const { value } = rest.next()
      if (value === undefined) controller.close()
      else controller.enqueue(value)
    },
  })
  return c.body(stream, 200, { ...headers, 'content-length': String(length) })
}

async function packed(blocks: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const gzip = createGzip()
  const output: Buffer<ArrayBuffer>[] = []
  gzip.on('data', (piece: Buffer<ArrayBuffer>) => output.push(piece))
  const end = once(gzip, 'end')
  for (const block of blocks) if (!gzip.write(block)) await once(gzip, 'drain')
  gzip.end()
  await end
  return output
}

/** Whether an Accept-Encoding header takes gzip, by name or by `*`. */
export function acceptsGzip(header: string | undefined): boolean {
  let any = false
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((word) => word.trim())
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
    if (coding === 'gzip' || coding === 'x-gzip') return !refused
    if (coding === '*') any = !refused
  }
  return any
}
