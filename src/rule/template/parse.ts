import { unquoteGo } from '../../lib/go-quote.ts'
import { TemplateError } from './error.ts'
import { parseCharacter, parseGoNumber } from './number.ts'
import { type Token, type TokenKind, tokenize } from './token.ts'
import type { BranchNode, Command, Operand, Pipeline, TemplateNode, Tree } from './tree.ts'

/** Brackets and blocks inside of each other; far beyond what anybody writes by hand. */
const MAX_NESTING = 100

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
  readonly #source: string
  readonly #tokens: readonly Token[]
  readonly #functions: ReadonlySet<string>
  readonly #definitions = new Map<string, readonly TemplateNode[]>()
  #variables: string[]
  #at = 0
  #nesting = 0
  #ranges = 0

  constructor(source: string, functions: ReadonlySet<string>, variables: readonly string[]) {
    this.#source = source
    this.#tokens = tokenize(source)
    this.#functions = functions
    this.#variables = ['$', ...variables]
  }

  run(): Tree {
    const { nodes, ending } = this.#nodes(true)
    if (ending.kind !== 'end of text') throw this.#error(ending.token, `unexpected {{${ending.kind}}}`)
    return { source: this.#source, nodes, definitions: this.#definitions }
  }

  #nodes(isTop = false): { nodes: TemplateNode[]; ending: Ending } {
    const nodes: TemplateNode[] = []
    for (;;) {
      const token = this.#next()
      if (token.kind === 'end of text') return { nodes, ending: { kind: token.kind, token } }
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text, at: token.at, end: token.at + token.text.length })
        continue
      }
      this.#skipSpace()
      const first = this.#peek()
      if (first.kind !== 'keyword') {
        const pipeline = this.#pipeline('command', 'close')
        nodes.push({ kind: 'action', pipeline, at: pipeline.at, end: pipeline.end })
        continue
      }
      this.#next()
      if (first.text === 'end' || first.text === 'else') {
        if (first.text === 'end') this.#expect('close', '{{end}}')
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
        if (this.#ranges === 0) throw this.#error(keyword, `{{${keyword.text}}} outside {{range}}`)
        this.#expect('close', `{{${keyword.text}}}`)
        return { kind: keyword.text, at: keyword.at, end: keyword.at + keyword.text.length }
      case 'template': {
        const { name, end } = this.#name('{{template}}')
        this.#skipSpace()
        const pipeline = this.#peek().kind === 'close' ? undefined : this.#pipeline('{{template}}', 'close')
        if (pipeline === undefined) this.#next()
        return { kind: 'template', name, pipeline, at: keyword.at, end: pipeline?.end ?? end }
      }
      case 'block': {
        const { name } = this.#name('{{block}}')
        const pipeline = this.#pipeline('{{block}}', 'close')
        this.#define(keyword, name)
        return { kind: 'template', name, pipeline, at: keyword.at, end: pipeline.end }
      }
      case 'define': {
        if (!isTop) throw this.#error(keyword, '{{define}} belongs at the top, not into another block')
        const { name } = this.#name('{{define}}')
        this.#expect('close', '{{define}}')
        this.#define(keyword, name)
        return undefined
      }
      default:
        throw this.#error(keyword, `unexpected {{${keyword.text}}}`)
    }
  }

  #define(keyword: Token, name: string): void {
    const outer = this.#variables
    const outerRanges = this.#ranges
    this.#variables = ['$']
    this.#ranges = 0
    const { nodes, ending } = this.#nested(keyword, () => this.#nodes())
    if (ending.kind !== 'end') throw this.#unfinished(keyword, ending)
    this.#variables = outer
    this.#ranges = outerRanges
    const before = this.#definitions.get(name)
    if (before === undefined || isBlank(before)) this.#definitions.set(name, nodes)
    else if (!isBlank(nodes)) throw this.#error(keyword, `the template ${JSON.stringify(name)} is defined twice`)
  }

  #branch(kind: BranchNode['kind'], keyword: Token): BranchNode {
    return this.#nested(keyword, () => {
      const scope = this.#variables.length
      const pipeline = this.#pipeline(kind, 'close')
      if (kind === 'range') this.#ranges++
      const { nodes: body, ending } = this.#nodes()
      if (kind === 'range') this.#ranges--
      const otherwise = ending.kind === 'else' ? this.#otherwise(kind, keyword) : undefined
      if (ending.kind === 'end of text') throw this.#unfinished(keyword, ending)
      this.#variables.length = scope
      return { kind, pipeline, body, otherwise, at: pipeline.at, end: pipeline.end }
    })
  }

  /** What stands after `{{else`: a block of its own, or `if …` and `with …`, which share the one `{{end}}`. */
  #otherwise(kind: BranchNode['kind'], keyword: Token): TemplateNode[] {
    this.#skipSpace()
    const token = this.#peek()
    if (token.kind === 'keyword' && token.text === kind && kind !== 'range') {
      this.#next()
      return [this.#branch(kind, token)]
    }
    this.#expect('close', '{{else}}')
    const { nodes, ending } = this.#nodes()
    if (ending.kind === 'else') throw this.#error(ending.token, 'expected {{end}}, found another {{else}}')
    if (ending.kind === 'end of text') throw this.#unfinished(keyword, ending)
    return nodes
  }

  #pipeline(context: string, closedBy: 'close' | 'right'): Pipeline {
    this.#skipSpace()
    const { at } = this.#peek()
    const { variables, assigns } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      this.#skipSpace()
      const token = this.#peek()
      if (token.kind === closedBy) break
      if (token.kind === 'pipe' || token.kind === 'close' || token.kind === 'right') {
        throw this.#error(token, commands.length === 0 ? `missing value for ${context}` : 'missing command after "|"')
      }
      const command = this.#command(context)
      if (commands.length > 0 && /^(?:bool|dot|nil|number|string)$/.test(command.operands[0].kind)) {
        throw this.#error({ at: command.at }, 'only a function can stand after "|"')
      }
      commands.push(command)
    }
    const end = this.#tokens[this.#at - 1]
    if (commands.length === 0) throw this.#error(this.#peek(), `missing value for ${context}`)
    this.#next()
    return {
      kind: 'pipeline',
      variables,
      assigns,
      commands,
      at,
      end: end === undefined ? at : end.at + end.text.length,
    }
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const start = this.#at
    const variables: string[] = []
    for (;;) {
      this.#skipSpace()
      const variable = this.#peek()
      if (variable.kind !== 'variable') break
      this.#next()
      this.#skipSpace()
      const sign = this.#peek()
      if (sign.kind === 'declare' || sign.kind === 'assign') {
        this.#next()
        variables.push(variable.text)
        this.#variables.push(...variables)
        return { variables, assigns: sign.kind === 'assign' }
      }
      if (sign.kind !== 'comma') break
      this.#next()
      variables.push(variable.text)
      if (context !== 'range' || variables.length > 1) {
        throw this.#error(
          sign,
          `${context === 'range' ? 'range sets at most two variables' : 'only range sets two variables'}`,
        )
      }
    }
    if (variables.length > 0) throw this.#error(this.#peek(), 'expected a variable and := after the comma')
    this.#at = start
    return { variables: [], assigns: false }
  }

  #command(context: string): Command {
    const operands: Operand[] = []
    const { at } = this.#peek()
    let end = at
    for (;;) {
      this.#skipSpace()
      const operand = this.#operand()
      if (operand !== undefined) {
        operands.push(operand)
        end = operand.end
      }
      const token = this.#peek()
      if (token.kind === 'space' && operand !== undefined) continue
      if (token.kind === 'pipe') {
        this.#next()
        this.#skipSpace()
        const next = this.#peek()
        if (next.kind === 'close' || next.kind === 'right') throw this.#error(next, 'missing command after "|"')
        break
      }
      if (token.kind === 'close' || token.kind === 'right') break
      throw this.#error(token, `unexpected ${show(token)} in ${operand === undefined ? context : 'operand'}`)
    }
    const [first, ...rest] = operands
    if (first === undefined) throw this.#error({ at }, `missing value for ${context}`)
    return { operands: [first, ...rest], at, end }
  }

  #operand(): Operand | undefined {
    const token = this.#peek()
    const term = this.#term(token)
    if (term === undefined) return undefined
    const path: string[] = []
    let { end } = term
    while (this.#peek().kind === 'field') {
      const field = this.#next()
      path.push(field.text.slice(1))
      end = field.at + field.text.length
    }
    const [first, ...rest] = path
    if (first === undefined) return term
    if (term.kind === 'field') return { ...term, path: [...term.path, first, ...rest], end }
    if (term.kind === 'variable') return { ...term, path, end }
    if (term.kind === 'pipeline' || term.kind === 'function')
      return { kind: 'chain', base: term, path, at: term.at, end }
    throw this.#error(token, `unexpected "." after ${show(token)}`)
  }

  #term(token: Token): Operand | undefined {
    const { text, at } = token
    const place = { at, end: at + text.length }
    switch (token.kind) {
      case 'identifier':
        this.#next()
        if (!this.#functions.has(text)) throw this.#error(token, `function "${text}" not defined`)
        return { kind: 'function', name: text, ...place }
      case 'dot':
      case 'nil':
        this.#next()
        return { kind: token.kind, ...place }
      case 'bool':
        this.#next()
        return { kind: 'bool', value: text === 'true', ...place }
      case 'field':
        this.#next()
        return { kind: 'field', path: [text.slice(1)], ...place }
      case 'variable':
        this.#next()
        if (!this.#variables.includes(text)) throw this.#error(token, `undefined variable "${text}"`)
        return { kind: 'variable', name: text, path: [], ...place }
      case 'number':
      case 'character': {
        this.#next()
        const number = token.kind === 'number' ? parseGoNumber(text) : parseCharacter(text)
        if (number?.float === undefined) throw this.#error(token, `${show(token)} is not a number that fits`)
        return { kind: 'number', ...number, ...place }
      }
      case 'string':
        this.#next()
        return { kind: 'string', value: this.#unquote(token), ...place }
      case 'left':
        this.#next()
        return this.#nested(token, () => this.#pipeline('parenthesized pipeline', 'right'))
      default:
        return undefined
    }
  }

  #name(context: string): { name: string; end: number } {
    this.#skipSpace()
    const token = this.#next()
    if (token.kind !== 'string') throw this.#error(token, `${context} needs a name in quotes, not ${show(token)}`)
    return { name: this.#unquote(token), end: token.at + token.text.length }
  }

  #unquote(token: Token): string {
    const text = unquoteGo(token.text)
    if (text === undefined) throw this.#error(token, `${token.text} has an escape that Go does not know`)
    return text
  }

  #nested<T>(token: Token, read: () => T): T {
    if (this.#nesting >= MAX_NESTING) throw this.#error(token, `more than ${MAX_NESTING} levels of nesting`)
    this.#nesting++
    const result = read()
    this.#nesting--
    return result
  }

  #expect(kind: TokenKind, context: string): void {
    this.#skipSpace()
    const token = this.#next()
    if (token.kind !== kind) throw this.#error(token, `unexpected ${show(token)} in ${context}`)
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token
  }

  #next(): Token {
    const token = this.#tokens[this.#at] as Token
    if (token.kind !== 'end of text') this.#at++
    return token
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#at++
  }

  #unfinished(keyword: Token, { kind, token }: Ending): TemplateError {
    if (kind === 'end of text') return this.#error(keyword, `this {{${keyword.text}}} has no {{end}}`)
    return this.#error(token, `unexpected {{${kind}}} in {{${keyword.text}}}`)
  }

  #error({ at }: { readonly at: number }, message: string): TemplateError {
    return new TemplateError(this.#source, at, message)
  }
}

function show({ kind, text }: Token): string {
  return kind === 'end of text' ? 'the end of the text' : JSON.stringify(text)
}

function isBlank(nodes: readonly TemplateNode[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
}
