import { readFileSync } from 'node:fs'
import { isSecretKey } from '../lib/redact.ts'
import { readYaml } from '../lib/yaml.ts'
import type { Collector } from './collector.ts'
import type { Environment } from './environment.ts'
import { expand, mask, unmask } from './variables.ts'
import { fromYaml, type Written } from './written.ts'

interface FileContext {
  readonly isNamed: boolean
  readonly env: Environment
  readonly readFile: (path: string) => string
  readonly files: string[]
  readonly collector: Collector
}

/** The file as a tree with `${…}` resolved; undefined when there is none, it is empty, or it can't be read. */
export function readRoot(file: string, { isNamed, env, readFile, files, collector }: FileContext): Written | undefined {
  let text: string
  try {
    text = readFile(file)
  } catch (error) {
    if (!isNamed && isMissing(error)) return undefined
    const instead = isMissing(error) ? '; write one with: midwatch init' : ''
    collector.add({ file }, [], `can't be read: ${whyUnreadable(error)}${instead}`)
    return undefined
  }
  files.push(file)
  const { root, problems } = readYaml(mask(text), file)
  for (const { message, severity, ...place } of problems) collector.add(place, [], unmask(message), severity)
  if (root === undefined || (root.kind === 'scalar' && root.isNull)) return undefined
  if (root.kind !== 'map') {
    collector.add({ file, line: root.line, column: root.column }, [], 'is not a config; write keys such as "checks:"')
    return undefined
  }
  const readScalar = (masked: string) => {
    const source = unmask(masked)
    const { text, faults, used } = expand(source, env)
    for (const [name, value] of used) if (isSecretKey(name) || /(?:^|_)KEY$/i.test(name)) collector.hide(value)
    return { text, source, faults }
  }
  return fromYaml(root, file, readScalar, unmask)
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** The reason without paths and codes: it stands in a problem that names the file. */
export function whyUnreadable(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'no permission'
    case 'EISDIR':
      return 'it is a folder'
    default:
      return (error as Error).message
  }
}
