import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { TemplateLibrary } from '../../notify/template/library.ts'
import { TemplateError } from '../../template/error.ts'
import type { Collector } from '../collector.ts'
import { whyUnreadable } from '../file.ts'
import { placeAt, type Written } from '../written.ts'

/** What reading files of templates needs. */
export interface TemplateFiles {
  readonly root: Written
  readonly collector: Collector
  /** What paths are relative to. */
  readonly folder: string
  readonly readFile: (path: string) => string
  /** Every file that was read is added. */
  readonly files: string[]
}

/** @returns the templates that the files define, over those that Alertmanager brings along, and whether all could be read */
export function readTemplates(
  patterns: readonly string[],
  { root, collector, folder, readFile, files }: TemplateFiles,
): { readonly library: TemplateLibrary; readonly isWhole: boolean } {
  let library = TemplateLibrary.builtIn
  let isWhole = true
  for (const [i, pattern] of patterns.entries()) {
    const path = ['alertmanager', 'templates', i]
    const found = globSync(resolve(folder, pattern)).sort()
    if (found.length === 0) collector.add(placeAt(root, path), path, `${pattern} matches no file`, 'warning')
    for (const file of found) {
      files.push(file)
      try {
        library = library.with(readFile(file))
      } catch (error) {
        isWhole = false
        if (error instanceof TemplateError)
          collector.add({ file, line: error.line, column: error.column }, [], error.message)
        else collector.add(placeAt(root, path), path, `${file} can't be read: ${whyUnreadable(error)}`)
      }
    }
  }
  return { library, isWhole }
}
