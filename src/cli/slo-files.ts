import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { whyUnreadable } from '../config/file.ts'
import type { SpecFile } from '../objective/spec/read.ts'
import { CommandError } from './command-error.ts'

/**
 * The texts of files, and of all YAML files in folders.
 *
 * @throws CommandError when one can't be read
 */
export function readSpecFiles(paths: readonly string[]): readonly SpecFile[] {
  return paths.flatMap((path) => {
    try {
      const files = statSync(path).isDirectory() ? yamlFilesIn(path) : [path]
      return files.map((file) => ({ file, text: readFileSync(file, 'utf8') }))
    } catch (error) {
      throw new CommandError(2, `${path} can't be read: ${whyUnreadable(error)}`)
    }
  })
}

function yamlFilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/i.test(name))
    .sort()
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
}
