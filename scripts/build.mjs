// Bundles the program into dist/: the program itself, the writer thread's code, and the files that travel with them.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { lean } from './lean.mjs'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const assets = join(dist, 'assets')

/** Options that the program and the single executable share. */
export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  jsx: 'automatic',
  jsxImportSource: 'hono/jsx',
  logLevel: 'warning',
  // Without its comments the program is plain ASCII, which V8 keeps in half the memory. Short lines keep the source line
  // that an uncaught error prints readable.
  minifyWhitespace: true,
  lineLimit: 160,
  plugins: [lean],
  // Natives and drivers that packages offer and this program does not use.
  external: ['pg-native', 'cloudflare:sockets'],
  // A bundle inside an executable can't import at run time; whatever is left must be a plain require.
  supported: { 'dynamic-import': false },
  define: {
    'process.env.MIDWATCH_BUNDLED': '"yes"',
    'import.meta.dirname': '__dirname',
    'import.meta.url': '__midwatchUrl',
  },
  banner: { js: '"use strict";const __midwatchUrl=require("node:url").pathToFileURL(__filename).href;' },
}

export const entryPoints = {
  midwatch: 'src/main.ts',
  program: 'src/cli/cli.ts',
  'assets/writer': 'src/store/writer-thread.ts',
}

/** What others import as `midwatch/promql`; its types are written by `tsc -p tsconfig.types.json`. */
export function buildPromql(outdir) {
  return build({
    absWorkingDir: root,
    entryPoints: { promql: 'src/promql/package.ts' },
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
}

/** main.ts is a file of its own: it checks the runtime and turns the compile cache on before the program is even read. */
const programApart = {
  name: 'program-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\/cli\/cli\.ts$/ }, () => ({ path: './program.cjs', external: true }))
  },
}

/** Folders whose files travel with the program: name there → place here. */
const folders = {
  migrations: 'migrations',
  rules: 'rules',
  dashboards: 'dashboards',
  runbooks: 'docs/runbooks',
  static: 'src/web/static',
}

export async function buildProgram() {
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(assets, { recursive: true })
  await Promise.all([
    buildPromql(dist),
    build({
      ...bundleOptions,
      plugins: [...bundleOptions.plugins, programApart],
      banner: { js: `#!/usr/bin/env node\n${bundleOptions.banner.js}` },
      entryPoints: { midwatch: entryPoints.midwatch, program: entryPoints.program },
      outdir: dist,
      outExtension: { '.js': '.cjs' },
    }),
    build({
      ...bundleOptions,
      entryPoints: { writer: entryPoints['assets/writer'] },
      outdir: assets,
      outExtension: { '.js': '.cjs' },
      // It is started from its text, so it has no file name of its own.
      banner: { js: '"use strict";const __midwatchUrl="file:///midwatch-writer";' },
    }),
  ])
  const names = ['writer.cjs']
  for (const [name, place] of Object.entries(folders)) {
    cpSync(join(root, place), join(assets, name), { recursive: true })
    names.push(...readdirSync(join(assets, name)).map((file) => `${name}/${file}`))
  }
  const prebuilds = join(root, 'node_modules/better-sqlite3/prebuilds')
  for (const file of readdirSync(prebuilds).filter((each) => !each.startsWith('win32'))) {
    cpSync(join(prebuilds, file), join(assets, 'sqlite', file))
    names.push(`sqlite/${file}`)
  }
  writeFileSync(join(assets, 'manifest.json'), JSON.stringify(names.sort()))
  return { dist, assets, names }
}

if (process.argv[1] === import.meta.filename) {
  const startMs = performance.now()
  await buildProgram()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  console.error(`midwatch ${version} built in ${Math.round(performance.now() - startMs)} ms`)
}
