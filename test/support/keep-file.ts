import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A text in a file of its own; `await using` removes it. */
export interface KeptFile extends AsyncDisposable {
  readonly path: string
}

export async function keepFile(name: string, text: string): Promise<KeptFile> {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-test-'))
  const path = join(folder, name)
  await writeFile(path, text)
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
