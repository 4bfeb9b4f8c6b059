import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { UnexpectedAnswerError } from './socket-error.ts'

const unpack = {
  gzip: promisify(gunzip),
  inflate: promisify(inflate),
  inflateRaw: promisify(inflateRaw),
  br: promisify(brotliDecompress),
}

/**
 * Undoes the codings that `Content-Encoding` names, the last one first.
 *
 * @throws UnexpectedAnswerError where they can't be undone, or more than `maxBytes` come out
 */
export async function decodeBody(body: Buffer, contentEncoding: readonly string[], maxBytes: number): Promise<Buffer> {
  const codings = contentEncoding.flatMap((value) => value.split(',').map((coding) => coding.trim().toLowerCase()))
  if (codings.length > 4) throw new UnexpectedAnswerError('body', 'the body is packed more than four times')
  let decoded = body
  for (const coding of codings.reverse()) decoded = await decode(decoded, coding, maxBytes)
  return decoded
}

async function decode(body: Buffer, coding: string, maxOutputLength: number): Promise<Buffer> {
  if (coding === '' || coding === 'identity' || body.length === 0) return body
  try {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return await unpack.gzip(body, { maxOutputLength })
      case 'deflate':
        // Some servers leave out the zlib header that RFC 9110 section 8.4.1.2 asks for; its first byte is 0x?8.
        return await ((body[0] as number) % 16 === 8 ? unpack.inflate : unpack.inflateRaw)(body, { maxOutputLength })
      case 'br':
        return await unpack.br(body, { maxOutputLength })
      default:
        throw new UnexpectedAnswerError(
          'body',
          `the body is packed with "${coding.slice(0, 20)}", which nobody asked for`,
        )
    }
  } catch (error) {
    if (error instanceof UnexpectedAnswerError) throw error
    const tooMuch = error instanceof RangeError
    const what = tooMuch ? `unpacks to more than ${maxOutputLength / 1024 / 1024} MiB` : `is not valid ${coding}`
    throw new UnexpectedAnswerError('body', `the body ${what}`, { cause: error })
  }
}
