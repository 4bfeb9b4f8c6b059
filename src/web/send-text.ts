import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context } from 'hono'
import { Turns } from '../lib/turns.ts'
import type { WebEnv } from './auth.ts'

const compress = promisify(gzip)

/** Below this gzip costs more than it saves. */
const MIN_GZIP_BYTES = 1024
const BLOCK_CHARACTERS = 256 * 1024

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
  const blocks: Buffer[] = []
  const turns = new Turns()
  let text = ''
  const flush = () => {
    blocks.push(Buffer.from(text))
    text = ''
  }
  for (const piece of pieces) {
    text += piece
    if (text.length >= BLOCK_CHARACTERS) flush()
    if (turns.isOver()) await turns.next()
  }
  flush()
  const body = Buffer.concat(blocks)
  const headers = { 'content-type': contentType, 'cache-control': 'no-store', vary }
  if (body.length < MIN_GZIP_BYTES || !acceptsGzip(c.req.header('accept-encoding'))) {
    return c.body(new Uint8Array(body), 200, headers)
  }
  return c.body(new Uint8Array(await compress(body)), 200, { ...headers, 'content-encoding': 'gzip' })
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
