// Loads a TypeScript module of the project for a script: the scripts run before anything is built.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export const root = join(import.meta.dirname, '..')

/** Bundles `entry` into .cache/ and imports it. */
export async function bundled(entry) {
  const outfile = join(root, '.cache', entry.replace(/\.ts$/, '.mjs'))
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    logLevel: 'warning',
    // Only src/lib/asset.ts asks where it is, to find the files that travel with the program.
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'src/lib')) },
  })
  return import(pathToFileURL(outfile).href)
}
