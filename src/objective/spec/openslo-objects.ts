import { didYouMean } from '../../lib/suggest.ts'
import type { YamlMap, YamlNode } from '../../lib/yaml.ts'
import { headOf, type SpecDocument } from './document.ts'

const NAMED_KINDS = ['SLI', 'DataSource', 'AlertPolicy', 'AlertCondition'] as const
type NamedKind = (typeof NAMED_KINDS)[number]

/** Objects of OpenSLO v1 that stand by themselves, to which SLOs refer by name. */
export class OpenSloObjects {
  readonly #objects = new Map<string, SpecDocument>()

  /** Remembers a document that others can refer to. */
  add(document: SpecDocument): void {
    const { apiVersion, kind } = headOf(document.root)
    if (apiVersion !== 'openslo/v1' || !NAMED_KINDS.some((one) => one === kind)) return
    const name = childOf(childOf(document.root, 'metadata'), 'name')
    if (name?.kind === 'scalar') this.#objects.set(`${kind}/${name.text}`, document)
  }

  find(kind: NamedKind, name: string): SpecDocument | undefined {
    return this.#objects.get(`${kind}/${name}`)
  }

  /** That nobody has written such an object, and what may be meant. */
  notFound(kind: NamedKind, name: string): string {
    const start = `${kind}/`
    const known = [...this.#objects.keys()].flatMap((key) => (key.startsWith(start) ? [key.slice(start.length)] : []))
    return `there is no ${kind} ${JSON.stringify(name)} among the files${didYouMean(name, known, 'there are')}`
  }
}

function childOf(node: YamlNode | undefined, key: string): YamlMap | YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined
}
