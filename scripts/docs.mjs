// Writes the reference pages that are made of what the program declares: docs/reference/checks.md and its neighbours.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const bundle = join(root, '.cache/docs/pages.mjs')

await build({
  absWorkingDir: root,
  entryPoints: ['scripts/docs/registry.ts'],
  outfile: bundle,
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
const { pages } = await import(pathToFileURL(bundle).href)
for (const page of pages) {
  const file = join(root, page.file)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, await page.text())
  console.log(page.file)
}
