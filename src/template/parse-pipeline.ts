import { parseCharacter, parseGoNumber } from './number.ts'
import type { Token } from './token.ts'
import { show, type TokenStream } from './token-stream.ts'
import type { Command, Operand, Pipeline } from './tree.ts'

/** Reads what stands between `{{` and `}}`, keywords aside. */
export class PipelineParser {
  /** The variables that are set where the next pipeline stands. */
  variables: string[]
  readonly #tokens: TokenStream
  readonly #functions: ReadonlySet<string>

  constructor(tokens: TokenStream, functions: ReadonlySet<string>, variables: string[]) {
    this.#tokens = tokens
    this.#functions = functions
    this.variables = variables
  }

  /** Reads up to and with the `}}` or `)` that closes it. */
  pipeline(context: string, closedBy: 'close' | 'right' = 'close'): Pipeline {
    this.#tokens.skipSpace()
    const { at } = this.#tokens.peek()
    const { variables, assigns } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      this.#tokens.skipSpace()
      const token = this.#tokens.peek()
      if (token.kind === closedBy) break
      if (token.kind === 'pipe' || token.kind === 'close' || token.kind === 'right') {
        throw this.#tokens.error(
          token,
          commands.length === 0 ? `missing value for ${context}` : `unexpected ${show(token)}`,
        )
      }
      const command = this.#command(context)
      if (commands.length > 0 && /^(?:bool|dot|nil|number|string)$/.test(command.operands[0].kind)) {
        throw this.#tokens.error({ at: command.at }, 'only a function can stand after "|"')
      }
      commands.push(command)
    }
    const end = this.#tokens.lastEnd
    if (commands.length === 0) throw this.#tokens.error(this.#tokens.peek(), `missing value for ${context}`)
    this.#tokens.next()
    return { kind: 'pipeline', variables, assigns, commands, at, end }
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const start = this.#tokens.position
    const variables: string[] = []
    for (;;) {
      this.#tokens.skipSpace()
      const variable = this.#tokens.peek()
      if (variable.kind !== 'variable') break
      this.#tokens.next()
      this.#tokens.skipSpace()
      const sign = this.#tokens.peek()
      if (sign.kind === 'declare' || sign.kind === 'assign') {
        this.#tokens.next()
        variables.push(variable.text)
        this.variables.push(...variables)
        return { variables, assigns: sign.kind === 'assign' }
      }
      if (sign.kind !== 'comma') break
      this.#tokens.next()
      variables.push(variable.text)
      if (context !== 'range' || variables.length > 1) {
        throw this.#tokens.error(
          sign,
          `${context === 'range' ? 'range sets at most two variables' : 'only range sets two variables'}`,
        )
      }
    }
    if (variables.length > 0)
      throw this.#tokens.error(this.#tokens.peek(), 'expected a variable and := after the comma')
    this.#tokens.rewind(start)
    return { variables: [], assigns: false }
  }

  #command(context: string): Command {
    const operands: Operand[] = []
    const { at } = this.#tokens.peek()
    let end = at
    for (;;) {
      this.#tokens.skipSpace()
      const operand = this.#operand()
      if (operand !== undefined) {
        operands.push(operand)
        end = operand.end
      }
      const token = this.#tokens.peek()
      if (token.kind === 'space' && operand !== undefined) continue
      if (token.kind === 'pipe') {
        this.#tokens.next()
        break
      }
      if (token.kind === 'close' || token.kind === 'right') break
      throw this.#tokens.error(token, `unexpected ${show(token)} in ${operand === undefined ? context : 'operand'}`)
    }
    const [first, ...rest] = operands
    if (first === undefined) throw this.#tokens.error({ at }, `missing value for ${context}`)
    return { operands: [first, ...rest], at, end }
  }

  #operand(): Operand | undefined {
    const token = this.#tokens.peek()
    const term = this.#term(token)
    if (term === undefined) return undefined
    const path: string[] = []
    let { end } = term
    while (this.#tokens.peek().kind === 'field') {
      const field = this.#tokens.next()
      path.push(field.text.slice(1))
      end = field.at + field.text.length
    }
    const [first, ...rest] = path
    if (first === undefined) return term
    if (term.kind === 'field') return { ...term, path: [...term.path, first, ...rest], end }
    if (term.kind === 'variable') return { ...term, path, end }
    if (term.kind === 'pipeline' || term.kind === 'function')
      return { kind: 'chain', base: term, path, at: term.at, end }
    throw this.#tokens.error(token, `unexpected "." after ${show(token)}`)
  }

  #term(token: Token): Operand | undefined {
    const { text, at } = token
    const place = { at, end: at + text.length }
    switch (token.kind) {
      case 'identifier':
        this.#tokens.next()
        if (!this.#functions.has(text)) throw this.#tokens.error(token, `function "${text}" not defined`)
        return { kind: 'function', name: text, ...place }
      case 'dot':
      case 'nil':
        this.#tokens.next()
        return { kind: token.kind, ...place }
      case 'bool':
        this.#tokens.next()
        return { kind: 'bool', value: text === 'true', ...place }
      case 'field':
        this.#tokens.next()
        return { kind: 'field', path: [text.slice(1)], ...place }
      case 'variable':
        this.#tokens.next()
        if (!this.variables.includes(text)) throw this.#tokens.error(token, `undefined variable "${text}"`)
        return { kind: 'variable', name: text, path: [], ...place }
      case 'number':
      case 'character': {
        this.#tokens.next()
        const number = token.kind === 'number' ? parseGoNumber(text) : parseCharacter(text)
        if (text.endsWith('i')) throw this.#tokens.error(token, 'imaginary numbers are not supported')
        if (number?.float === undefined) throw this.#tokens.error(token, `${show(token)} is not a number that fits`)
        return { kind: 'number', ...number, ...place }
      }
      case 'string':
        this.#tokens.next()
        return { kind: 'string', value: this.#tokens.unquote(token), ...place }
      case 'left':
        this.#tokens.next()
        return this.#tokens.nested(token, () => this.pipeline('parenthesized pipeline', 'right'))
      default:
        return undefined
    }
  }
}
