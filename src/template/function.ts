import type { GoValue } from '../lib/go-value.ts'

/** What a parameter takes: `any` is everything, nil included; else the name of a Go type, `string` or `[]string`. */
export type ParameterType = string

/** What functions may use beyond their arguments. */
export interface FunctionContext {
  readonly nowMs: number
  /** No text may become longer than this. */
  readonly maxLength: number
}

/** A function that templates may call. */
export interface TemplateFunction<Context extends FunctionContext = FunctionContext> {
  readonly name: string
  readonly parameters: readonly ParameterType[]
  /** The type of any number of further arguments. */
  readonly rest?: ParameterType
  /** An argument that is as true or false as this is the result, and those behind it are not looked at. */
  readonly stopsAt?: boolean
  /** What a character of its text arguments costs in steps, 0.01 unless told. */
  readonly costOfCharacter?: number
  /** @throws CallError when the arguments are not what it needs */
  call(args: readonly GoValue[], context: Context): GoValue
}
