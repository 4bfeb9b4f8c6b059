import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions } from '../../build.mjs'

const root = join(import.meta.dirname, '../../..')

/**
 * Bundles pieces of the sources as the program itself is bundled, each into a file of its own, beside the assets of the built
 * program.
 *
 * @param entries the text of an entry for each name; it imports as if it stood in `src/`
 * @returns the file of each name, and how to remove them all
 */
export async function bundleSources(entries) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  symlinkSync(join(root, 'dist/assets'), join(folder, 'assets'))
  const files = {}
  for (const [name, contents] of Object.entries(entries)) {
    files[name] = join(folder, `${name}.cjs`)
    const stdin = { contents, resolveDir: join(root, 'src'), loader: 'ts' }
    await build({ ...bundleOptions, logLevel: 'error', stdin, outfile: files[name] })
  }
  return { files, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
