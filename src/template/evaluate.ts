import { type GoValue, goType } from '../lib/go-value.ts'
import { TooLongError } from '../lib/go-verb.ts'
import { TemplateError } from './error.ts'
import { evaluateField } from './field.ts'
import type { FunctionContext, ParameterType, TemplateFunction } from './function.ts'
import { CallError } from './humanize.ts'
import type { Command, Operand, Pipeline } from './tree.ts'
import { isTrue } from './value.ts'

/** What one expansion may still do; shared by all runs that a template with queries takes. */
export interface Budget {
  steps: number
}

/** What a run needs beside the tree. */
export interface Surroundings<Context extends FunctionContext = FunctionContext> {
  readonly functions: ReadonlyMap<string, TemplateFunction<Context>>
  readonly context: Context
  readonly budget: Budget
  /** `.` and `$`. */
  readonly data: GoValue
  /** The other variables at the top, by name with `$`. */
  readonly variables: ReadonlyMap<string, GoValue>
  /** What becomes of a text that is put in, by the function that made it if one did; it stays as it is without this. */
  readonly escape?: (text: string, madeBy: string | undefined) => string
}

interface Variable {
  readonly name: string
  value: GoValue
}

/** No value comes out of a command before the first. */
const NOTHING = Symbol('nothing')
type Final = GoValue | typeof NOTHING
type Place = { readonly at: number; readonly end: number }

/** Evaluates pipelines, and keeps the variables, the budget and the place for errors of one run. */
export class Evaluator<Context extends FunctionContext> {
  readonly #surroundings: Surroundings<Context>
  /** The text that is being expanded: the template itself, or the one that a definition comes from. */
  source: string
  variables: Variable[]
  /** What is being evaluated. */
  node: Place = { at: 0, end: 0 }

  constructor(source: string, surroundings: Surroundings<Context>) {
    this.source = source
    this.#surroundings = surroundings
    this.variables = [{ name: '$', value: surroundings.data }]
    for (const [name, value] of surroundings.variables) this.variables.push({ name, value })
  }

  /** The value of the last command; variables that it sets are set afterwards. */
  pipeline(dot: GoValue, pipeline: Pipeline): GoValue {
    let value: Final = NOTHING
    for (const command of pipeline.commands) value = this.#command(dot, command, value)
    // A nil comes out of a pipeline as no value at all.
    const result = value === NOTHING ? undefined : (value ?? undefined)
    for (const name of pipeline.variables) {
      this.node = pipeline
      if (pipeline.assigns) this.set(name, result)
      else this.variables.push({ name, value: result })
    }
    return result
  }

  #command(dot: GoValue, command: Command, final: Final): GoValue {
    this.spend(1)
    const [first, ...args] = command.operands
    this.node = first
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
        throw this.error('nil is not a command')
      case 'bool':
      case 'dot':
      case 'number':
      case 'string':
      case 'pipeline':
        break
    }
    if (hasArguments) throw this.error(`can't give argument to non-function ${this.#shown(first)}`)
    return this.#operand(dot, first)
  }

  #fields(
    dot: GoValue,
    receiver: GoValue,
    path: readonly string[],
    node: Place,
    args: readonly Operand[] = [],
    final: Final = NOTHING,
  ): GoValue {
    let value = receiver
    for (const [i, name] of path.entries()) {
      const isLast = i === path.length - 1
      const given = isLast ? args.map((arg) => this.#operand(dot, arg)) : []
      if (isLast && final !== NOTHING) given.push(final)
      const holder = value
      this.node = node
      value = this.guard(() => evaluateField(holder, name, given))
    }
    return value
  }

  #function(dot: GoValue, name: string, node: Command | Operand, operands: readonly Operand[], final: Final): GoValue {
    const called = this.#surroundings.functions.get(name)
    if (called === undefined) throw this.error(`"${name}" is not a defined function`)
    const { parameters, rest, stopsAt } = called
    const count = operands.length + (final === NOTHING ? 0 : 1)
    if (rest === undefined ? count !== parameters.length : count < parameters.length) {
      const want = `${rest === undefined ? '' : 'at least '}${parameters.length}`
      throw this.error(`wrong number of args for ${name}: want ${want} got ${count}`)
    }
    const args: GoValue[] = []
    for (const [i, operand] of operands.entries()) {
      const arg = this.#argument(dot, operand, parameters[i] ?? (rest as ParameterType))
      if (stopsAt === isTrue(arg)) return arg
      args.push(arg)
    }
    this.node = node
    if (final !== NOTHING) args.push(this.#checked(final, parameters[operands.length] ?? (rest as ParameterType)))
    for (const arg of args) if (typeof arg === 'string') this.spend(arg.length * (called.costOfCharacter ?? 0.01))
    const result = this.guard(() => called.call(args, this.#surroundings.context), `error calling ${name}: `)
    if (typeof result === 'string') this.checkLength(result)
    return result
  }

  /** Evaluates an operand for a parameter; constants take its type. */
  #argument(dot: GoValue, operand: Operand, type: ParameterType): GoValue {
    this.node = operand
    if (operand.kind === 'nil') {
      if (type === 'string') throw this.error('cannot assign nil to string')
      return null
    }
    const isConstant = operand.kind === 'bool' || operand.kind === 'number' || operand.kind === 'string'
    if (isConstant && type !== 'any' && !(type === 'string' && operand.kind === 'string')) {
      throw this.error(`expected ${type}; found ${this.#shown(operand)}`)
    }
    return this.#checked(this.#operand(dot, operand), type)
  }

  #checked(value: GoValue, type: ParameterType): GoValue {
    if (type === 'any') return value ?? null
    if (value === undefined || value === null) {
      if (type === 'string') throw this.error('invalid value; expected string')
      return null
    }
    const got = goType(value)
    if (got !== type) throw this.error(`wrong type for value; expected ${type}; got ${got}`)
    return value
  }

  #operand(dot: GoValue, operand: Operand): GoValue {
    this.node = operand
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'bool':
      case 'string':
        return operand.value
      case 'number':
        return operand.isFloat ? operand.float : operand.int
      case 'function':
        return this.#function(dot, operand.name, operand, [], NOTHING)
      case 'field':
        return this.#fields(dot, dot, operand.path, operand)
      case 'variable':
        return this.#fields(dot, this.#variable(operand.name), operand.path, operand)
      case 'chain':
        return this.#fields(dot, this.#operand(dot, operand.base), operand.path, operand)
      case 'pipeline': {
        this.spend(1)
        return this.pipeline(dot, operand)
      }
    }
  }

  #variable(name: string): GoValue {
    const variable = this.variables.findLast((one) => one.name === name)
    if (variable === undefined) throw this.error(`undefined variable: ${name}`)
    return variable.value
  }

  set(name: string, value: GoValue): void {
    const variable = this.variables.findLast((one) => one.name === name)
    if (variable === undefined) throw this.error(`undefined variable: ${name}`)
    variable.value = value
  }

  checkLength({ length }: string): void {
    const { maxLength } = this.#surroundings.context
    if (length > maxLength) throw this.error(`the text is longer than ${maxLength} characters`)
  }

  spend(steps: number): void {
    const { budget } = this.#surroundings
    budget.steps -= steps
    if (budget.steps < 0) throw this.error('the template takes too many steps')
  }

  /** Turns what a function can't do into an error with its place. */
  guard<T>(work: () => T, prefix = ''): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof CallError || error instanceof TooLongError)) throw error
      throw this.error(prefix + error.message, { cause: error })
    }
  }

  #shown({ at, end }: Place): string {
    const text = this.source.slice(at, end)
    return text.length > 40 ? `${text.slice(0, 40)}…` : text
  }

  error(message: string, options?: ErrorOptions): TemplateError {
    return new TemplateError(this.source, this.node.at, `at <${this.#shown(this.node)}>: ${message}`, options)
  }
}
