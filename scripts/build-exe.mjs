// Makes dist/midwatch, the whole program in one file: the Node.js that runs this, with the bundle and its assets inside.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { inject } from 'postject'
import { addonName } from '../src/lib/native-addon.ts'
import { buildProgram, bundleOptions } from './build.mjs'

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const MAJOR = 24

const startMs = performance.now()
if (process.platform !== 'linux' || !process.version.startsWith(`v${MAJOR}.`)) {
  console.error(
    `the executable is made on Linux by Node.js ${MAJOR}, and this is ${process.version}: npm run build:exe`,
  )
  process.exit(1)
}

const { dist, assets, names } = await buildProgram()
const folder = mkdtempSync(join(dist, 'exe-'))
try {
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: [join('src', 'main.ts')],
    outfile: join(folder, 'midwatch.cjs'),
    metafile: true,
  })
  refuseLeftovers(metafile)

  const isForeign = (name) => name.startsWith('sqlite/') && name !== addonName()
  const inside = names.filter((name) => !isForeign(name))
  const write = (name, value) => writeFileSync(join(folder, name), JSON.stringify(value))
  write('manifest.json', inside)
  write('sea.json', {
    // Relative, because stack traces show it.
    main: 'midwatch.cjs',
    output: 'midwatch.blob',
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
    // As `npm start` does: a small nursery saves several megabytes.
    execArgv: ['--max-semi-space-size=2'],
    assets: {
      ...Object.fromEntries(inside.map((name) => [name, join(assets, name)])),
      'manifest.json': 'manifest.json',
    },
  })
  execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })

  const executable = join(folder, 'midwatch')
  copyFileSync(process.execPath, executable)
  chmodSync(executable, 0o755)
  // Before the blob goes in: strip would break what comes after.
  strip(executable)
  await withoutChatter(() =>
    inject(executable, 'NODE_SEA_BLOB', readFileSync(join(folder, 'midwatch.blob')), { sentinelFuse: FUSE }),
  )
  renameSync(executable, join(dist, 'midwatch'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const { size } = statSync(join(dist, 'midwatch'))
console.error(`dist/midwatch: ${Math.round(size / 1e6)} MB in ${Math.round(performance.now() - startMs)} ms`)

/** Inside an executable nothing but Node's own modules can be required; what is left would fail only when it is used. */
function refuseLeftovers({ outputs }) {
  const paths = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  const left = paths.filter((path) => !isBuiltin(path) && !bundleOptions.external.includes(path))
  if (left.length > 0) throw new Error(`the bundle still asks for ${left.join(', ')}`)
}

/** Takes the symbols out, a seventh of the file; without binutils they stay, and all works. */
function strip(file) {
  try {
    execFileSync('strip', ['--strip-all', file])
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    console.error('there is no strip (binutils) here, so the executable keeps its symbols')
  }
}

/** postject warns about a section that this program does not have. */
async function withoutChatter(work) {
  const { warn, log } = console
  console.warn = console.log = () => {}
  try {
    return await work()
  } finally {
    Object.assign(console, { warn, log })
  }
}
