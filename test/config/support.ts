import { type LoadOptions, type LoadResult, loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/model/problem.ts'

interface Written extends Partial<Omit<LoadOptions, 'file' | 'readFile'>> {
  /** What other files hold, by the end of their path. */
  readonly files?: Readonly<Record<string, string>>
}

/** Loads this text as `midwatch.yml`, with nothing from the real environment. */
export function load(text: string, { files = {}, env = {}, overrides }: Written = {}): LoadResult {
  return loadConfig({
    file: 'midwatch.yml',
    env,
    overrides,
    readFile(path) {
      if (path === 'midwatch.yml') return text
      const found = Object.entries(files).find(([name]) => path.endsWith(name))
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return found[1]
    },
  })
}

/** The config of a text that has to be fine. */
export function loadFine(text: string, written?: Written) {
  const { config, problems } = load(text, written)
  if (config === undefined) throw new Error(problemTexts({ problems }).join('\n'))
  return config
}

export function problemTexts({ problems }: Pick<LoadResult, 'problems'>): string[] {
  return problems.map(formatProblem)
}
