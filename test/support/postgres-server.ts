import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort, runPeer, startPeer } from './peers.ts'

/** A PostgreSQL server with an empty cluster; `await using` stops it and removes its files. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** Where its socket file is. */
  readonly folder: string
  /** The superuser, who needs no password. */
  readonly user: string
}

/**
 * Makes a cluster and starts the server on it.
 *
 * @param path of the program `postgres`; `initdb` is beside it
 * @param options settings such as `max_connections=7`
 * @param access lines of pg_hba.conf instead of everybody being trusted
 */
export async function startPostgres(
  path: string,
  options: readonly string[] = [],
  { access }: { readonly access?: string } = {},
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-postgres-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const as = await unprivileged(folder)
    const data = join(folder, 'data')
    const made = await runPeer(
      join(dirname(path), 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      as,
    )
    if (made.code !== 0) throw new Error(`initdb failed:\n${made.stderr}`)
    if (access !== undefined) await writeFile(join(data, 'pg_hba.conf'), access)
    const port = await freePort()
    const settings = [`unix_socket_directories=${folder}`, 'fsync=off', 'shared_buffers=1MB', ...options]
    const server = await startPeer(
      path,
      ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      // SIGINT is its fast shutdown: sessions are ended.
      { ...as, ready: /database system is ready to accept connections/, stopSignal: 'SIGINT' },
    )
    const stop = async () => {
      await server.stop()
      await remove()
    }
    return { port, folder, user: 'postgres', [Symbol.asyncDispose]: stop }
  } catch (error) {
    await remove()
    throw error
  }
}

/** PostgreSQL refuses to run as root; the account that its package has made owns the files then. */
async function unprivileged(folder: string): Promise<{ uid?: number; gid?: number; cwd: string }> {
  const account = await postgresAccount()
  if (account === undefined) return { cwd: folder }
  await chown(folder, account.uid, account.gid)
  return { ...account, cwd: folder }
}

/** Who the server runs as; undefined when that is who runs the tests. */
export async function postgresAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await runPeer('id', [flag, 'postgres'])).stdout)),
  )
  if (!uid || !gid) throw new Error('there is no user postgres to run the server as')
  return { uid, gid }
}
