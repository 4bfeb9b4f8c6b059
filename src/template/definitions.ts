import type { Definition, TemplateNode, Tree } from './tree.ts'

/** Definitions of several texts together; a later one counts, unless it is empty. */
export function mergeDefinitions(...maps: readonly ReadonlyMap<string, Definition>[]): ReadonlyMap<string, Definition> {
  const merged = new Map<string, Definition>()
  for (const [name, definition] of maps.flatMap((map) => [...map])) {
    if (!merged.has(name) || !definition.nodes.every(isBlank)) merged.set(name, definition)
  }
  return merged
}

function isBlank(node: TemplateNode): boolean {
  return node.kind === 'text' && node.text.trim() === ''
}

/** The first `{{ template "name" }}` that a tree may come to and whose name nothing defines. */
export function undefinedCall(
  tree: Tree,
): { readonly name: string; readonly source: string; readonly at: number } | undefined {
  const reached = new Set<string>()
  const texts: Definition[] = [tree]
  for (const { source, nodes } of texts) {
    for (const { name, at } of callsIn(nodes)) {
      const called = tree.definitions.get(name)
      if (called === undefined) return { name, source, at }
      if (!reached.has(name)) texts.push(called)
      reached.add(name)
    }
  }
  return undefined
}

function* callsIn(nodes: readonly TemplateNode[]): Generator<{ readonly name: string; readonly at: number }> {
  for (const node of nodes) {
    if (node.kind === 'template') yield node
    if ('body' in node) {
      yield* callsIn(node.body)
      yield* callsIn(node.otherwise ?? [])
    }
  }
}
