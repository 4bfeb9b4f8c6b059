import { Secret } from '../../lib/secret.ts'
import type { Credentials, FileRef, ScrapeTls } from './config.ts'

/** Reads a file that is named beside a secret or a certificate. */
export type ReadFile = (path: string) => Promise<Buffer>

/** What goes into the header `Authorization`. Files are read anew, so that a renewed secret counts at once. */
export async function authorizationOf(
  credentials: Credentials | undefined,
  read: ReadFile,
): Promise<string | undefined> {
  const textOf = async (secret: Secret | FileRef) =>
    secret instanceof Secret ? secret.reveal() : (await read(secret.file)).toString('utf8').trim()
  switch (credentials?.kind) {
    case undefined:
      return undefined
    case 'header':
      return `${credentials.type} ${await textOf(credentials.credentials)}`
    case 'basic': {
      const pair = `${credentials.username}:${await textOf(credentials.password)}`
      return `Basic ${Buffer.from(pair).toString('base64')}`
    }
  }
}

/**
 * How TLS is spoken, in Node's words.
 *
 * @param trusted whether our own certificate may be shown
 */
export async function tlsOptionsOf(tls: ScrapeTls, read: ReadFile, trusted = true) {
  const { caFile, certFile, keyFile, serverName, insecureSkipVerify } = tls
  return {
    rejectUnauthorized: !insecureSkipVerify,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(caFile === undefined ? {} : { ca: await read(caFile) }),
    ...(certFile === undefined || !trusted ? {} : { cert: await read(certFile) }),
    ...(keyFile === undefined || !trusted ? {} : { key: await read(keyFile) }),
  }
}
