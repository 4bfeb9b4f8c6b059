import type { Labels } from '../../model/labels.ts'
import { compileAnchoredRegex, type Regex, RegexError } from '../../model/regex.ts'
import { PromqlError } from '../error.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { mergeEqual, Vector } from '../evaluate/vector.ts'
import type { Work } from '../evaluate/work.ts'
import { type Call, type Expr, unwrapParens } from '../syntax/ast.ts'
import { isLabelName } from '../syntax/text.ts'
import type { VectorFunction } from './signature.ts'

/** The content of a string argument; the checker has seen to it that it is one. */
export function textOf(expr: Expr | undefined): string {
  const literal = expr === undefined ? undefined : unwrapParens(expr)
  if (literal?.kind !== 'string') throw new PromqlError('execution', 'string literal expected', expr?.span)
  return literal.value
}

/** The same values under other labels. */
function* relabeled(input: Vector, evaluation: Evaluation, change: (labels: Labels) => Labels): Work<Vector> {
  const { size, steps, values, present } = input
  const labels: Labels[] = []
  for (let i = 0; i < size; i++) {
    if (evaluation.due(32)) yield
    labels.push(change(input.labelsAt(i)))
  }
  return yield* mergeEqual(new Vector(steps, labels, false, values, present), evaluation)
}

const compiled = new WeakMap<Call, Regex>()

/** label_replace(v, dst, replacement, src, regex): sets `dst` from what `regex` finds in the whole of `src`. */
const labelReplace: VectorFunction = {
  name: 'label_replace',
  args: ['vector', 'string', 'string', 'string', 'string'],
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    const [arg, target, replacement, source] = call.args
    const to = textOf(target)
    const template = textOf(replacement)
    const from = textOf(source)
    const regex = patternOf(call)
    checkName(to, 'destination', call)
    const input = yield* evaluation.vector(arg as Expr, steps)
    return yield* relabeled(input, evaluation, (labels) => {
      const groups = regex.exec(labels.get(from))
      return groups === undefined ? labels : labels.with(to, expand(template, groups, regex.groupNumbers))
    })
  },
}

function patternOf(call: Call): Regex {
  let regex = compiled.get(call)
  if (regex === undefined) {
    const source = textOf(call.args[4])
    try {
      regex = compileAnchoredRegex(source)
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      throw new PromqlError('execution', `invalid regular expression in label_replace(): ${source}`, call.span)
    }
    compiled.set(call, regex)
  }
  return regex
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu
/** Another zero in front makes it a name. */
const GROUP_NUMBER = /^(?:0|[1-9][0-9]*)$/

/** Go's template: `$1`, `${1}`, `$name` (the longest word, of letters of any script), `$$`; a group that does not exist is empty. */
function expand(template: string, groups: readonly string[], numbers: ReadonlyMap<string, number>): string {
  return template.replace(REFERENCE, (reference, braced: string | undefined, bare: string | undefined) => {
    if (reference === '$$') return '$'
    const name = (braced ?? bare) as string
    const number = GROUP_NUMBER.test(name) ? Number(name) : numbers.get(name)
    return number === undefined ? '' : (groups[number] ?? '')
  })
}

/** label_join(v, dst, separator, src…). */
const labelJoin: VectorFunction = {
  name: 'label_join',
  args: ['vector', 'string', 'string', 'string'],
  variadic: -1,
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    const [arg, target, separator, ...sources] = call.args
    const to = textOf(target)
    const between = textOf(separator)
    const from = sources.map(textOf)
    for (const name of from) checkName(name, 'source', call)
    checkName(to, 'destination', call)
    const input = yield* evaluation.vector(arg as Expr, steps)
    return yield* relabeled(input, evaluation, (labels) =>
      labels.with(to, from.map((name) => labels.get(name)).join(between)),
    )
  },
}

function checkName(name: string, role: string, { name: fn, span }: Call): void {
  if (isLabelName(name)) return
  throw new PromqlError('execution', `invalid ${role} label name in ${fn}(): ${name}`, span)
}

export const labelFunctions = [labelReplace, labelJoin]
