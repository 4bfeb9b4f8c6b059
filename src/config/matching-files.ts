import { globSync, readFileSync } from 'node:fs'
import { setImmediate as turnForOthers } from 'node:timers/promises'
import type { Problem } from '../model/problem.ts'
import { whyUnreadable } from './file.ts'

/** What stands for any name in a pattern. */
const WILD = /[*?[{]/

/**
 * The files that patterns of a key match, with a turn for others before each. Those that can't be read are problems. Patterns
 * are among the files, and so is one that is named and does not exist yet, so that it is noticed when somebody writes one.
 */
export async function* readMatching(
  patterns: readonly string[],
  field: string,
  { problems, files }: { readonly problems: Problem[]; readonly files: string[] },
): AsyncGenerator<{ readonly file: string; readonly text: string }> {
  for (const pattern of patterns) {
    const found = globSync(pattern).sort()
    if (found.length === 0) problems.push({ file: pattern, field, message: 'matches no file', severity: 'warning' })
    if (found.length === 0 || WILD.test(pattern)) files.push(pattern)
    for (const file of found) {
      await turnForOthers()
      if (files.includes(file)) continue
      files.push(file)
      let text: string
      try {
        text = readFileSync(file, 'utf8')
      } catch (error) {
        const isFolder = (error as NodeJS.ErrnoException).code === 'EISDIR'
        const instead = isFolder ? `; for the files in it write ${file.replace(/\/$/, '')}/*.yml` : ''
        problems.push({ file, field, message: `can't be read: ${whyUnreadable(error)}${instead}`, severity: 'error' })
        continue
      }
      yield { file, text }
    }
  }
}
