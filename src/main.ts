import module from 'node:module'

/** What better-sqlite3 13 needs; below it the process would die without a word. */
const OLDEST_NODE = [22, 12] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `midwatch needs Node.js ${OLDEST_NODE.join('.')} or newer, and this is ${process.versions.node}; install a newer one from https://nodejs.org\n`,
  )
  process.exitCode = 2
} else {
  // From the second start on, the program is not compiled again; the single executable carries its compiled code.
  if (!process.getBuiltinModule('node:sea').isSea()) module.enableCompileCache()
  // Whoever reads may have seen enough, as in `midwatch check | head`; a midwatch that watches goes on without a reader.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (process.argv[2] !== 'run') process.exit()
  })
  // Loaded only now: what comes with it can't even be loaded by an older Node.
  void import('./cli/cli.ts').then(async ({ runCli }) => {
    await runCli(process.argv.slice(2))
    // A server may end without notice; the next start is quick all the same.
    module.flushCompileCache()
  })
}
