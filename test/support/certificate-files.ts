import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'

/** A certificate for localhost, its key and its authority in files, for programs that take no other. */
export interface CertificateFiles extends AsyncDisposable {
  readonly certFile: string
  /** Readable by its owner alone, as servers demand. */
  readonly keyFile: string
  readonly caFile: string
}

/** @param owner who has to read the files, where the server runs as somebody else */
export async function certificateFiles(owner?: { uid: number; gid: number }): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-certificate-'))
  const authority = makeCertificate({ subject: { O: 'Example', CN: 'Example root' }, names: [], isAuthority: true })
  const server = makeCertificate({ issuer: authority, names: ['localhost'] })
  const paths = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem'), caFile: join(folder, 'ca.pem') }
  await writeFile(paths.certFile, server.cert)
  await writeFile(paths.keyFile, server.key, { mode: 0o600 })
  await writeFile(paths.caFile, authority.cert)
  await chmod(folder, 0o755)
  if (owner !== undefined) await chown(paths.keyFile, owner.uid, owner.gid)
  return { ...paths, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
