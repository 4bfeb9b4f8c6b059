import type { TemplateError } from './error.ts'
import { PipelineParser } from './parse-pipeline.ts'
import type { Token } from './token.ts'
import { show, TokenStream } from './token-stream.ts'
import type { BranchNode, Definition, TemplateNode, Tree } from './tree.ts'

/** What ends a list of nodes. */
type Ending = { readonly kind: 'end' | 'else' | 'end of text'; readonly token: Token }

/**
 * Reads a template.
 *
 * @param functions the names that may be called
 * @param variables the names, with `$`, that are set at the top; definitions don't see them
 * @throws TemplateError
 */
export function parseTree(source: string, functions: ReadonlySet<string>, variables: readonly string[]): Tree {
  return new Parser(source, functions, variables).run()
}

class Parser {
  readonly #tokens: TokenStream
  readonly #pipelines: PipelineParser
  readonly #definitions = new Map<string, Definition>()
  #ranges = 0

  constructor(source: string, functions: ReadonlySet<string>, variables: readonly string[]) {
    this.#tokens = new TokenStream(source)
    this.#pipelines = new PipelineParser(this.#tokens, functions, ['$', ...variables])
  }

  run(): Tree {
    const { nodes, ending } = this.#nodes(true)
    if (ending.kind !== 'end of text') throw this.#tokens.error(ending.token, `unexpected {{${ending.kind}}}`)
    return { source: this.#tokens.source, nodes, definitions: this.#definitions }
  }

  #nodes(isTop = false): { nodes: TemplateNode[]; ending: Ending } {
    const nodes: TemplateNode[] = []
    for (;;) {
      const token = this.#tokens.next()
      if (token.kind === 'end of text') return { nodes, ending: { kind: token.kind, token } }
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text, at: token.at, end: token.at + token.text.length })
        continue
      }
      this.#tokens.skipSpace()
      const first = this.#tokens.peek()
      if (first.kind !== 'keyword') {
        const pipeline = this.#pipelines.pipeline('command')
        nodes.push({ kind: 'action', pipeline, at: pipeline.at, end: pipeline.end })
        continue
      }
      this.#tokens.next()
      if (first.text === 'end' || first.text === 'else') {
        if (first.text === 'end') this.#tokens.expect('close', '{{end}}')
        return { nodes, ending: { kind: first.text, token: first } }
      }
      const node = this.#control(first, isTop)
      if (node !== undefined) nodes.push(node)
    }
  }

  #control(keyword: Token, isTop: boolean): TemplateNode | undefined {
    switch (keyword.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(keyword.text, keyword)
      case 'break':
      case 'continue':
        if (this.#ranges === 0) throw this.#tokens.error(keyword, `{{${keyword.text}}} outside {{range}}`)
        this.#tokens.expect('close', `{{${keyword.text}}}`)
        return { kind: keyword.text, at: keyword.at, end: keyword.at + keyword.text.length }
      case 'template': {
        const { name, end } = this.#name('{{template}}')
        this.#tokens.skipSpace()
        const pipeline = this.#tokens.peek().kind === 'close' ? undefined : this.#pipelines.pipeline('{{template}}')
        if (pipeline === undefined) this.#tokens.next()
        return { kind: 'template', name, pipeline, at: keyword.at, end: pipeline?.end ?? end }
      }
      case 'block': {
        const { name } = this.#name('{{block}}')
        const pipeline = this.#pipelines.pipeline('{{block}}')
        this.#define(keyword, name)
        return { kind: 'template', name, pipeline, at: keyword.at, end: pipeline.end }
      }
      case 'define': {
        if (!isTop) throw this.#tokens.error(keyword, '{{define}} belongs at the top, not into another block')
        const { name } = this.#name('{{define}}')
        this.#tokens.expect('close', '{{define}}')
        this.#define(keyword, name)
        return undefined
      }
      default:
        throw this.#tokens.error(keyword, `unexpected {{${keyword.text}}}`)
    }
  }

  #define(keyword: Token, name: string): void {
    const outer = this.#pipelines.variables
    const outerRanges = this.#ranges
    this.#pipelines.variables = ['$']
    this.#ranges = 0
    const { nodes, ending } = this.#tokens.nested(keyword, () => this.#nodes())
    if (ending.kind !== 'end') throw this.#unfinished(keyword, ending)
    this.#pipelines.variables = outer
    this.#ranges = outerRanges
    const before = this.#definitions.get(name)
    if (before === undefined || isBlank(before.nodes))
      this.#definitions.set(name, { source: this.#tokens.source, nodes })
    else if (!isBlank(nodes)) throw this.#tokens.error(keyword, `the template ${JSON.stringify(name)} is defined twice`)
  }

  #branch(kind: BranchNode['kind'], keyword: Token): BranchNode {
    return this.#tokens.nested(keyword, () => {
      const scope = this.#pipelines.variables.length
      const pipeline = this.#pipelines.pipeline(kind)
      if (kind === 'range') this.#ranges++
      const { nodes: body, ending } = this.#nodes()
      if (kind === 'range') this.#ranges--
      const otherwise = ending.kind === 'else' ? this.#otherwise(kind, keyword) : undefined
      if (ending.kind === 'end of text') throw this.#unfinished(keyword, ending)
      this.#pipelines.variables.length = scope
      return { kind, pipeline, body, otherwise, at: pipeline.at, end: pipeline.end }
    })
  }

  /** What stands after `{{else`: a block of its own, or `if …` and `with …`, which share the one `{{end}}`. */
  #otherwise(kind: BranchNode['kind'], keyword: Token): TemplateNode[] {
    this.#tokens.skipSpace()
    const token = this.#tokens.peek()
    if (token.kind === 'keyword' && token.text === kind && kind !== 'range') {
      this.#tokens.next()
      return [this.#branch(kind, token)]
    }
    this.#tokens.expect('close', '{{else}}')
    const { nodes, ending } = this.#nodes()
    if (ending.kind === 'else') throw this.#tokens.error(ending.token, 'expected {{end}}, found another {{else}}')
    if (ending.kind === 'end of text') throw this.#unfinished(keyword, ending)
    return nodes
  }

  #name(context: string): { name: string; end: number } {
    this.#tokens.skipSpace()
    const token = this.#tokens.next()
    if (token.kind !== 'string')
      throw this.#tokens.error(token, `${context} needs a name in quotes, not ${show(token)}`)
    return { name: this.#tokens.unquote(token), end: token.at + token.text.length }
  }

  #unfinished(keyword: Token, { kind, token }: Ending): TemplateError {
    if (kind === 'end of text') return this.#tokens.error(keyword, `this {{${keyword.text}}} has no {{end}}`)
    return this.#tokens.error(token, `unexpected {{${kind}}} in {{${keyword.text}}}`)
  }
}

function isBlank(nodes: readonly TemplateNode[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
}
