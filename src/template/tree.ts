/** Where in the source a node stands, for errors. */
interface Node {
  readonly at: number
  readonly end: number
}

export interface TextNode extends Node {
  readonly kind: 'text'
  readonly text: string
}

/** `{{ pipeline }}`: prints, unless it only sets variables. */
export interface ActionNode extends Node {
  readonly kind: 'action'
  readonly pipeline: Pipeline
}

export interface BranchNode extends Node {
  readonly kind: 'if' | 'with' | 'range'
  readonly pipeline: Pipeline
  readonly body: readonly TemplateNode[]
  readonly otherwise: readonly TemplateNode[] | undefined
}

/** `{{ template "name" pipeline }}`, also what a `block` leaves where it stands. */
export interface CallNode extends Node {
  readonly kind: 'template'
  readonly name: string
  readonly pipeline: Pipeline | undefined
}

export interface JumpNode extends Node {
  readonly kind: 'break' | 'continue'
}

export type TemplateNode = TextNode | ActionNode | BranchNode | CallNode | JumpNode

/** `$a, $b := first | second`: the value of each command is the last argument of the next. */
export interface Pipeline extends Node {
  readonly kind: 'pipeline'
  readonly variables: readonly string[]
  /** `=` and not `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

/** A function, method or plain value, and its arguments. */
export interface Command extends Node {
  readonly operands: readonly [Operand, ...Operand[]]
}

export interface NumberOperand extends Node {
  readonly kind: 'number'
  /** Set when the number can be an `int`. */
  readonly int: bigint | undefined
  /** Set when it can be a `float64`. */
  readonly float: number | undefined
  /** What it is where nobody asks for a type: written with a point or exponent, a float. */
  readonly isFloat: boolean
}

export type Operand =
  | (Node & { readonly kind: 'dot' | 'nil' })
  | (Node & { readonly kind: 'bool'; readonly value: boolean })
  | (Node & { readonly kind: 'string'; readonly value: string })
  | NumberOperand
  | (Node & { readonly kind: 'function'; readonly name: string })
  /** `.a.b` */
  | (Node & { readonly kind: 'field'; readonly path: readonly [string, ...string[]] })
  /** `$x.a.b` */
  | (Node & { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] })
  /** `(pipeline).a.b` */
  | (Node & { readonly kind: 'chain'; readonly base: Operand; readonly path: readonly string[] })
  | Pipeline

/** A template as read: its own nodes and those of every `define` and `block` in it. */
export interface Tree {
  readonly source: string
  readonly nodes: readonly TemplateNode[]
  readonly definitions: ReadonlyMap<string, Definition>
}

/** What `{{ template "name" }}` calls. */
export interface Definition {
  /** The whole text in which it stands. */
  readonly source: string
  readonly nodes: readonly TemplateNode[]
}
