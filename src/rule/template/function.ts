import type { GoValue } from '../../lib/go-value.ts'
import type { TemplateSample } from './value.ts'

/** What a parameter takes; `any` takes everything, nil included. */
export type ParameterType = 'any' | 'string' | 'vector' | 'sample'

/** What functions may use beyond their arguments. */
export interface FunctionContext {
  readonly nowMs: number
  readonly externalUrl: string
  pathPrefix(): string
  /** No text may become longer than this. */
  readonly maxLength: number
  /** The answer to an expression; the execution stops here and starts again when it is not known yet. */
  query(expr: string): readonly TemplateSample[]
}

/** A function that templates may call. */
export interface TemplateFunction {
  readonly name: string
  readonly parameters: readonly ParameterType[]
  /** The type of any number of further arguments. */
  readonly rest?: ParameterType
  /** An argument that is as true or false as this is the result, and those behind it are not looked at. */
  readonly stopsAt?: boolean
  /** What a character of its text arguments costs in steps, 0.01 unless told. */
  readonly costOfCharacter?: number
  /** @throws CallError when the arguments are not what it needs */
  call(args: readonly GoValue[], context: FunctionContext): GoValue
}
