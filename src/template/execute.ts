import type { GoValue } from '../lib/go-value.ts'
import { formatGoValue } from '../lib/go-verb.ts'
import { Evaluator, type Surroundings } from './evaluate.ts'
import type { FunctionContext } from './function.ts'
import type { BranchNode, CallNode, Pipeline, TemplateNode, Tree } from './tree.ts'
import { isTrue, printable } from './value.ts'

/** Templates that call each other, or themselves, go no deeper than this. */
const MAX_DEPTH = 100

/**
 * Runs a template once, from its first node to its last.
 *
 * @throws TemplateError; whatever `context.query` throws goes through
 */
export function execute<Context extends FunctionContext>(tree: Tree, surroundings: Surroundings<Context>): string {
  return new Execution(tree, surroundings).run()
}

type Jump = 'break' | 'continue' | undefined

class Execution<Context extends FunctionContext> {
  readonly #tree: Tree
  readonly #data: GoValue
  readonly #evaluator: Evaluator<Context>
  readonly #escape: Surroundings['escape']
  #output = ''
  #depth = 0

  constructor(tree: Tree, surroundings: Surroundings<Context>) {
    this.#tree = tree
    this.#data = surroundings.data
    this.#evaluator = new Evaluator(tree.source, surroundings)
    this.#escape = surroundings.escape
  }

  run(): string {
    try {
      this.#walk(this.#data, this.#tree.nodes)
      return this.#output
    } catch (error) {
      // The program's own stack ends before a template's nesting and depth together can.
      if (error instanceof RangeError) throw this.#evaluator.error('the template calls itself too deeply')
      throw error
    }
  }

  #walk(dot: GoValue, nodes: readonly TemplateNode[]): Jump {
    for (const node of nodes) {
      this.#evaluator.spend(1)
      const jump = this.#visit(dot, node)
      if (jump !== undefined) return jump
    }
    return undefined
  }

  #visit(dot: GoValue, node: TemplateNode): Jump {
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return undefined
      case 'action': {
        const value = this.#evaluator.pipeline(dot, node.pipeline)
        this.#evaluator.node = node
        if (node.pipeline.variables.length === 0) {
          const text = this.#evaluator.guard(() => formatGoValue(printable(value)))
          this.#write(this.#escape === undefined ? text : this.#escape(text, lastFunction(node.pipeline)))
        }
        return undefined
      }
      case 'if':
      case 'with':
        return this.#branch(dot, node)
      case 'range':
        return this.#range(dot, node)
      case 'template':
        return this.#template(dot, node)
      case 'break':
      case 'continue':
        return node.kind
    }
  }

  #branch(dot: GoValue, { kind, pipeline, body, otherwise }: BranchNode): Jump {
    const scope = this.#evaluator.variables.length
    const value = this.#evaluator.pipeline(dot, pipeline)
    const jump = isTrue(value) ? this.#walk(kind === 'with' ? value : dot, body) : this.#walk(dot, otherwise ?? [])
    this.#evaluator.variables.length = scope
    return jump
  }

  #range(dot: GoValue, node: BranchNode): Jump {
    const scope = this.#evaluator.variables.length
    const value = this.#evaluator.pipeline(dot, node.pipeline)
    const inner = this.#evaluator.variables.length
    let isEmpty = true
    for (const [key, element] of this.#elements(value, node)) {
      isEmpty = false
      this.#evaluator.spend(1)
      this.#setRangeVariables(node.pipeline, key, element)
      const jump = this.#walk(element, node.body)
      this.#evaluator.variables.length = inner
      if (jump === 'break') break
    }
    const jump = isEmpty ? this.#walk(dot, node.otherwise ?? []) : undefined
    this.#evaluator.variables.length = scope
    return jump
  }

  *#elements(value: GoValue, node: BranchNode): Generator<readonly [key: GoValue, element: GoValue]> {
    if (value === undefined || value === null) return
    if (typeof value === 'bigint') {
      for (let i = 0n; i < value; i++) yield [i, i]
    } else if (typeof value === 'object' && value.kind === 'map') {
      for (const key of value.keys()) yield [key, value.get(key)]
    } else if (typeof value === 'object' && value.kind === 'slice') {
      for (const [i, item] of value.items.entries()) yield [BigInt(i), item]
    } else {
      this.#evaluator.node = node
      throw this.#evaluator.error(`range can't iterate over ${this.#evaluator.guard(() => formatGoValue(value))}`)
    }
  }

  #setRangeVariables({ variables }: Pipeline, key: GoValue, element: GoValue): void {
    const [first, second] = variables
    if (first !== undefined) this.#evaluator.set(first, second === undefined ? element : key)
    if (second !== undefined) this.#evaluator.set(second, element)
  }

  #template(dot: GoValue, node: CallNode): Jump {
    this.#evaluator.node = node
    const called = this.#tree.definitions.get(node.name)
    if (called === undefined) throw this.#evaluator.error(`template ${JSON.stringify(node.name)} not defined`)
    if (this.#depth >= MAX_DEPTH)
      throw this.#evaluator.error(`templates call each other more than ${MAX_DEPTH} levels deep`)
    const value = node.pipeline === undefined ? undefined : this.#evaluator.pipeline(dot, node.pipeline)
    const { variables, source } = this.#evaluator
    this.#evaluator.variables = [{ name: '$', value }]
    this.#evaluator.source = called.source
    this.#depth++
    this.#walk(value, called.nodes)
    this.#depth--
    this.#evaluator.variables = variables
    this.#evaluator.source = source
    return undefined
  }

  #write(text: string): void {
    this.#evaluator.spend(text.length * 0.01)
    this.#output += text
    this.#evaluator.checkLength(this.#output)
  }
}

function lastFunction({ commands }: Pipeline): string | undefined {
  const first = commands.at(-1)?.operands[0]
  return first?.kind === 'function' ? first.name : undefined
}
