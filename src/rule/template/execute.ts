import { type GoValue, goType } from '../../lib/go-value.ts'
import { formatGoValue } from '../../lib/go-verb.ts'
import { TemplateError } from './error.ts'
import { evaluateField } from './field.ts'
import type { FunctionContext, ParameterType, TemplateFunction } from './function.ts'
import { CallError } from './humanize.ts'
import type { BranchNode, CallNode, Command, NumberOperand, Operand, Pipeline, TemplateNode, Tree } from './tree.ts'
import { isTrue, printable, SAMPLE_TYPE, VECTOR_TYPE } from './value.ts'

/** Templates that call each other, or themselves, go no deeper than this. */
const MAX_DEPTH = 100

/** What one expansion may still do; shared by all runs that a template with queries takes. */
export interface Budget {
  steps: number
}

/** What a run needs beside the tree. */
export interface Surroundings {
  readonly functions: ReadonlyMap<string, TemplateFunction>
  readonly context: FunctionContext
  readonly budget: Budget
  /** `.` and `$`. */
  readonly data: GoValue
  /** The other variables at the top, by name with `$`. */
  readonly variables: ReadonlyMap<string, GoValue>
}

/**
 * Runs a template once, from its first node to its last.
 *
 * @throws TemplateError; whatever `context.query` throws goes through
 */
export function execute(tree: Tree, surroundings: Surroundings): string {
  return new Execution(tree, surroundings).run()
}

type Jump = 'break' | 'continue' | undefined

interface Variable {
  readonly name: string
  value: GoValue
}

/** No value comes out of a command before the first. */
const NOTHING = Symbol('nothing')
type Final = GoValue | typeof NOTHING

class Execution {
  readonly #tree: Tree
  readonly #surroundings: Surroundings
  #variables: Variable[]
  #output = ''
  #depth = 0
  /** What is being evaluated, for errors. */
  #node: { readonly at: number; readonly end: number } = { at: 0, end: 0 }

  constructor(tree: Tree, surroundings: Surroundings) {
    this.#tree = tree
    this.#surroundings = surroundings
    this.#variables = Array.from(surroundings.variables, ([name, value]) => ({ name, value }))
    this.#variables.push({ name: '$', value: surroundings.data })
  }

  run(): string {
    try {
      this.#walk(this.#surroundings.data, this.#tree.nodes)
      return this.#output
    } catch (error) {
      // The program's own stack ends before a template's nesting and depth together can.
      if (error instanceof RangeError) throw this.#error('the template calls itself too deeply')
      throw error
    }
  }

  #walk(dot: GoValue, nodes: readonly TemplateNode[]): Jump {
    for (const node of nodes) {
      this.#spend(1)
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
        const value = this.#pipeline(dot, node.pipeline)
        this.#node = node
        if (node.pipeline.variables.length === 0) this.#write(this.#guard(() => formatGoValue(printable(value))))
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
    const scope = this.#variables.length
    const value = this.#pipeline(dot, pipeline)
    const jump = isTrue(value) ? this.#walk(kind === 'with' ? value : dot, body) : this.#walk(dot, otherwise ?? [])
    this.#variables.length = scope
    return jump
  }

  #range(dot: GoValue, node: BranchNode): Jump {
    const scope = this.#variables.length
    const value = this.#pipeline(dot, node.pipeline)
    const inner = this.#variables.length
    let isEmpty = true
    for (const [key, element] of this.#elements(value, node)) {
      isEmpty = false
      this.#spend(1)
      this.#setRangeVariables(node.pipeline, key, element)
      const jump = this.#walk(element, node.body)
      this.#variables.length = inner
      if (jump === 'break') break
    }
    const jump = isEmpty ? this.#walk(dot, node.otherwise ?? []) : undefined
    this.#variables.length = scope
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
      this.#node = node
      throw this.#error(`range can't iterate over ${this.#guard(() => formatGoValue(value))}`)
    }
  }

  #setRangeVariables({ variables }: Pipeline, key: GoValue, element: GoValue): void {
    const [first, second] = variables
    if (first !== undefined) this.#set(first, second === undefined ? element : key)
    if (second !== undefined) this.#set(second, element)
  }

  #template(dot: GoValue, node: CallNode): Jump {
    this.#node = node
    const nodes = this.#tree.definitions.get(node.name)
    if (nodes === undefined) throw this.#error(`template ${JSON.stringify(node.name)} not defined`)
    if (this.#depth >= MAX_DEPTH) throw this.#error(`templates call each other more than ${MAX_DEPTH} levels deep`)
    const value = node.pipeline === undefined ? undefined : this.#pipeline(dot, node.pipeline)
    const outer = this.#variables
    this.#variables = [{ name: '$', value }]
    this.#depth++
    this.#walk(value, nodes)
    this.#depth--
    this.#variables = outer
    return undefined
  }

  #pipeline(dot: GoValue, pipeline: Pipeline): GoValue {
    let value: Final = NOTHING
    for (const command of pipeline.commands) value = this.#command(dot, command, value)
    // A nil comes out of a pipeline as no value at all.
    const result = value === NOTHING ? undefined : (value ?? undefined)
    for (const name of pipeline.variables) {
      this.#node = pipeline
      if (pipeline.assigns) this.#set(name, result)
      else this.#variables.push({ name, value: result })
    }
    return result
  }

  #command(dot: GoValue, command: Command, final: Final): GoValue {
    this.#spend(1)
    const [first, ...args] = command.operands
    this.#node = first
    const hasArguments = args.length > 0 || final !== NOTHING
    switch (first.kind) {
      case 'function':
        return this.#function(dot, first.name, command, args, final)
      case 'field':
        return this.#fields(dot, dot, first.path, command, args, final)
      case 'chain':
        return this.#fields(dot, this.#operand(dot, first.base), first.path, command, args, final)
      case 'variable':
        if (first.path.length > 0) {
          return this.#fields(dot, this.#variable(first.name), first.path, command, args, final)
        }
        break
      case 'nil':
        throw this.#error('nil is not a command')
      case 'bool':
      case 'dot':
      case 'number':
      case 'string':
      case 'pipeline':
        break
    }
    if (hasArguments) throw this.#error(`can't give argument to non-function ${this.#shown(first)}`)
    return this.#operand(dot, first)
  }

  #fields(
    dot: GoValue,
    receiver: GoValue,
    path: readonly string[],
    node: { readonly at: number; readonly end: number },
    args: readonly Operand[] = [],
    final: Final = NOTHING,
  ): GoValue {
    let value = receiver
    for (const [i, name] of path.entries()) {
      const isLast = i === path.length - 1
      const given = isLast ? args.map((arg) => this.#operand(dot, arg)) : []
      if (isLast && final !== NOTHING) given.push(final)
      const holder = value
      this.#node = node
      value = this.#guard(() => evaluateField(holder, name, given))
    }
    return value
  }

  #function(dot: GoValue, name: string, node: Command | Operand, operands: readonly Operand[], final: Final): GoValue {
    const called = this.#surroundings.functions.get(name)
    if (called === undefined) throw this.#error(`"${name}" is not a defined function`)
    const { parameters, rest, stopsAt } = called
    const count = operands.length + (final === NOTHING ? 0 : 1)
    if (rest === undefined ? count !== parameters.length : count < parameters.length) {
      const want = `${rest === undefined ? '' : 'at least '}${parameters.length}`
      throw this.#error(`wrong number of args for ${name}: want ${want} got ${count}`)
    }
    const args: GoValue[] = []
    for (const [i, operand] of operands.entries()) {
      const arg = this.#argument(dot, operand, parameters[i] ?? (rest as ParameterType))
      if (stopsAt === isTrue(arg)) return arg
      args.push(arg)
    }
    this.#node = node
    if (final !== NOTHING) args.push(this.#checked(final, parameters[operands.length] ?? (rest as ParameterType)))
    for (const arg of args) if (typeof arg === 'string') this.#spend(arg.length * (called.costOfCharacter ?? 0.01))
    const result = this.#guard(() => called.call(args, this.#surroundings.context), `error calling ${name}: `)
    if (typeof result === 'string') this.#checkLength(result)
    return result
  }

  /** Evaluates an operand for a parameter; constants take its type. */
  #argument(dot: GoValue, operand: Operand, type: ParameterType): GoValue {
    this.#node = operand
    if (operand.kind === 'nil') {
      if (type === 'string') throw this.#error('cannot assign nil to string')
      return null
    }
    const isConstant = operand.kind === 'bool' || operand.kind === 'number' || operand.kind === 'string'
    if (isConstant && type !== 'any' && !(type === 'string' && operand.kind === 'string')) {
      throw this.#error(`expected ${typeName(type)}; found ${this.#shown(operand)}`)
    }
    return this.#checked(this.#operand(dot, operand), type)
  }

  #checked(value: GoValue, type: ParameterType): GoValue {
    if (type === 'any') return value ?? null
    if (value === undefined || value === null) {
      if (type === 'string') throw this.#error('invalid value; expected string')
      return null
    }
    const got = goType(value)
    if (got !== typeName(type)) throw this.#error(`wrong type for value; expected ${typeName(type)}; got ${got}`)
    return value
  }

  #operand(dot: GoValue, operand: Operand): GoValue {
    this.#node = operand
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'bool':
      case 'string':
        return operand.value
      case 'number':
        return this.#number(operand)
      case 'function':
        return this.#function(dot, operand.name, operand, [], NOTHING)
      case 'field':
        return this.#fields(dot, dot, operand.path, operand)
      case 'variable':
        return this.#fields(dot, this.#variable(operand.name), operand.path, operand)
      case 'chain':
        return this.#fields(dot, this.#operand(dot, operand.base), operand.path, operand)
      case 'pipeline': {
        this.#spend(1)
        return this.#pipeline(dot, operand)
      }
    }
  }

  #number(operand: NumberOperand): GoValue {
    return operand.isFloat ? operand.float : operand.int
  }

  #variable(name: string): GoValue {
    const variable = this.#variables.findLast((one) => one.name === name)
    if (variable === undefined) throw this.#error(`undefined variable: ${name}`)
    return variable.value
  }

  #set(name: string, value: GoValue): void {
    const variable = this.#variables.findLast((one) => one.name === name)
    if (variable === undefined) throw this.#error(`undefined variable: ${name}`)
    variable.value = value
  }

  #write(text: string): void {
    this.#spend(text.length * 0.01)
    this.#output += text
    this.#checkLength(this.#output)
  }

  #checkLength({ length }: string): void {
    const { maxLength } = this.#surroundings.context
    if (length > maxLength) throw this.#error(`the text is longer than ${maxLength} characters`)
  }

  #spend(steps: number): void {
    const { budget } = this.#surroundings
    budget.steps -= steps
    if (budget.steps < 0) throw this.#error('the template takes too many steps')
  }

  /** Turns what a function can't do into an error with its place. */
  #guard<T>(work: () => T, prefix = ''): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof CallError) && (error as Error).name !== 'TooLongError') throw error
      throw this.#error(prefix + (error as Error).message, { cause: error })
    }
  }

  #shown({ at, end }: { readonly at: number; readonly end: number }): string {
    const text = this.#tree.source.slice(at, end)
    return text.length > 40 ? `${text.slice(0, 40)}…` : text
  }

  #error(message: string, options?: ErrorOptions): TemplateError {
    return new TemplateError(this.#tree.source, this.#node.at, `at <${this.#shown(this.#node)}>: ${message}`, options)
  }
}

function typeName(type: Exclude<ParameterType, 'any'>): string {
  return type === 'string' ? 'string' : type === 'vector' ? VECTOR_TYPE : `*${SAMPLE_TYPE}`
}
