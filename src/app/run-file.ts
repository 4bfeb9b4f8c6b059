import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const RUN_FILE = 'midwatch.run.json'

/** How commands on this machine find the running server. */
export interface RunFile {
  readonly url: string
  readonly pid: number
  /** For this user's commands only; another one at every start. */
  readonly token: string
}

/** @returns removes the file again */
export function writeRunFile(dataDir: string, content: RunFile): () => void {
  const file = join(dataDir, RUN_FILE)
  rmSync(file, { force: true })
  writeFileSync(file, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' })
  return () => rmSync(file, { force: true })
}

/** @returns undefined when no midwatch runs with this folder; what a killed one left behind is returned as it is */
export function readRunFile(dataDir: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, RUN_FILE), 'utf8')) as RunFile
  } catch {
    return undefined
  }
}
