// Writes the reference pages that are made of what the program declares: docs/reference/checks.md and its neighbours.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundled, root } from './bundled.mjs'

const { pages } = await bundled('scripts/docs/registry.ts')
for (const page of pages) {
  const file = join(root, page.file)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, await page.text())
  console.log(page.file)
}
