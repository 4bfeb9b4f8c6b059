import { locate, type YamlNode, type YamlPlace } from '../lib/yaml.ts'
import { parseDuration } from './duration.ts'
import type { Problem } from './problem.ts'

/** Where something stands: `['groups', 0, 'rules', 1, 'expr']`. */
export type Path = readonly (string | number)[]

export interface FieldReaderOptions {
  /** Keys that nobody knows are passed over rather than told. */
  readonly ignoreUnknownFields?: boolean
}

/** Reads the fields of a YAML tree and keeps what is wrong with them, each with its place. Scalars are their texts. */
export class FieldReader {
  readonly problems: Problem[] = []
  readonly #root: YamlNode
  readonly #file: string
  readonly #ignoresUnknown: boolean

  constructor(root: YamlNode, file: string, { ignoreUnknownFields = false }: FieldReaderOptions = {}) {
    this.#root = root
    this.#file = file
    this.#ignoresUnknown = ignoreUnknownFields
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity }) => severity === 'error')
  }

  map(node: YamlNode | undefined, path: Path, keys: readonly string[]): Map<string, YamlNode> | undefined {
    if (node === undefined) return undefined
    if (node.kind !== 'map') {
      this.problem(path, `has to be a map with the keys ${keys.join(', ')}`)
      return undefined
    }
    const fields = new Map<string, YamlNode>()
    for (const entry of node.entries.values()) {
      if (keys.includes(entry.key)) fields.set(entry.key, entry.value)
      else if (!this.#ignoresUnknown) {
        this.problemAt(entry, [...path, entry.key], `is not known here; the keys are ${keys.join(', ')}`)
      }
    }
    return fields
  }

  list(node: YamlNode | undefined, path: Path): readonly YamlNode[] {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return []
    if (node.kind === 'list') return node.items
    this.problem(path, 'has to be a list')
    return []
  }

  text(node: YamlNode | undefined, path: Path): string | undefined {
    if (node === undefined) return undefined
    if (node.kind === 'scalar') return node.isNull ? '' : node.text
    this.problem(path, `has to be a text, not a ${node.kind}`)
    return undefined
  }

  /** @param nameProblem what is wrong with a name; undefined when it is fine */
  texts(
    node: YamlNode | undefined,
    path: Path,
    nameProblem: (name: string) => string | undefined = () => undefined,
  ): Record<string, string> {
    const texts: Record<string, string> = Object.create(null)
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return texts
    if (node.kind !== 'map') {
      this.problem(path, 'has to be a map of names to texts')
      return texts
    }
    for (const entry of node.entries.values()) {
      const wrong = nameProblem(entry.key)
      if (wrong !== undefined) this.problemAt(entry, [...path, entry.key], wrong)
      texts[entry.key] = this.text(entry.value, [...path, entry.key]) ?? ''
    }
    return texts
  }

  /** Milliseconds; undefined where nothing is written, or no duration. */
  duration(node: YamlNode | undefined, path: Path): number | undefined {
    const text = this.text(node, path)
    if (text === undefined || (node?.kind === 'scalar' && node.isNull)) return undefined
    const ms = parseDuration(text)
    if (ms === undefined) this.problem(path, `"${text}" is not a duration; write it like 30s, 5m or 1h30m`)
    return ms
  }

  /** Where it stands. */
  placeOf(path: Path): YamlPlace {
    return locate(this.#root, path)
  }

  /** The line of what stands there, for those who find out later that it is wrong. */
  lineOf(path: Path): number {
    return locate(this.#root, path).line
  }

  problem(path: Path, message: string, severity: Problem['severity'] = 'error'): void {
    this.problems.push(this.problemOf(path, message, severity))
  }

  problemAt(place: YamlPlace, path: Path, message: string, severity: Problem['severity'] = 'error'): void {
    this.problems.push(this.#problem(place, path, message, severity))
  }

  /** The problem itself, for somebody else to keep. */
  problemOf(path: Path, message: string, severity: Problem['severity'] = 'error'): Problem {
    return this.#problem(locate(this.#root, path), path, message, severity)
  }

  #problem({ line, column }: YamlPlace, path: Path, message: string, severity: Problem['severity']): Problem {
    const field = path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
    return { file: this.#file, line, column, field, message, severity }
  }
}
