// Writes dashboards/: the same source gives the same bytes, and a test holds the files against it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundled, root } from './bundled.mjs'

const { files } = await bundled('scripts/dashboards/files.ts')
mkdirSync(join(root, 'dashboards'), { recursive: true })
for (const { file, text } of files(root)) {
  writeFileSync(join(root, file), text())
  console.log(file)
}
