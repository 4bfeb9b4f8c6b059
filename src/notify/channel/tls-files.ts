import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from 'node:tls'
import { DeliveryError } from './channel.ts'

/** How TLS is spoken with one server. The files are PEM, read at each try, so that a new certificate needs no reload. */
export interface TlsFiles {
  /** Authorities to trust in place of the usual ones. */
  readonly caFile?: string | undefined
  /** Our own certificate, and its key. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** The name to find in the server's certificate, if not its host. */
  readonly serverName?: string | undefined
  readonly insecureSkipVerify: boolean
}

export type TlsSettings = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** @throws DeliveryError when a file can't be read */
export async function readTlsFiles(files: TlsFiles | undefined): Promise<TlsSettings> {
  if (files === undefined) return {}
  const { caFile, certFile, keyFile, serverName, insecureSkipVerify } = files
  return {
    ...(caFile === undefined ? {} : { ca: await read(caFile) }),
    ...(certFile === undefined ? {} : { cert: await read(certFile) }),
    ...(keyFile === undefined ? {} : { key: await read(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !insecureSkipVerify,
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new DeliveryError('later', `${file} can't be read: ${code ?? 'unknown error'}`, { cause: error })
  }
}
