import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPeer, freePort, runPeer, startPeer } from './peers.ts'

/** A MariaDB server with empty databases and a user `root` without a password; `await using` stops it. */
export interface MariadbServer extends AsyncDisposable {
  readonly port: number
  readonly socketFile: string
}

/**
 * @param path of the program `mariadbd`; `mariadb-install-db` has to be there, too
 * @param options such as `max-connections=23`
 */
export async function startMariadb(path: string, options: readonly string[] = []): Promise<MariadbServer> {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-mariadb-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const as = await mariadbAccount()
    if (as !== undefined) await chown(folder, as.uid, as.gid)
    const data = join(folder, 'data')
    const installer = findPeer('mariadb-install-db').path ?? 'mariadb-install-db'
    const small = ['--innodb-buffer-pool-size=8M', '--innodb-log-file-size=4M', '--innodb-flush-log-at-trx-commit=0']
    const made = await runPeer(
      installer,
      ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...small],
      { ...as, cwd: folder },
    )
    if (made.code !== 0) throw new Error(`mariadb-install-db failed:\n${made.stdout}${made.stderr}`)
    const port = await freePort()
    const socketFile = join(folder, 'socket')
    const server = await startPeer(
      path,
      [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${socketFile}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-log-bin',
        '--innodb-fast-shutdown=2',
        ...small,
        ...options.map((option) => `--${option}`),
      ],
      { ...as, cwd: folder, ready: /ready for connections/ },
    )
    const stop = async () => {
      await server.stop()
      await remove()
    }
    return { port, socketFile, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Who the server runs as; undefined when that is who runs the tests. */
export async function mariadbAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const numbers = ['-u', '-g'].map(async (flag) => Number((await runPeer('id', [flag, 'mysql'])).stdout))
  const [uid, gid] = await Promise.all(numbers)
  if (!uid || !gid) throw new Error('there is no user mysql to run the server as')
  return { uid, gid }
}
