import type { Evaluation, RangeSeries, RangeVector, Steps } from '../evaluate/evaluation.ts'
import { type Names, namesNow, namesOf } from '../evaluate/names.ts'
import { withoutMarkers } from '../evaluate/selection.ts'
import { refuseEqual, Vector } from '../evaluate/vector.ts'
import { fromSummary, WindowRun, type WindowWork } from '../evaluate/window-run.ts'
import { OneWindow, WindowWalk } from '../evaluate/window-walk.ts'
import type { Work } from '../evaluate/work.ts'
import { type Call, type Expr, unwrapParens, type ValueType } from '../syntax/ast.ts'
import type { VectorFunction } from './signature.ts'

/** The work of a function, and what there is to it besides. */
export interface WindowOptions extends WindowWork {
  readonly keepsName?: boolean
  /** The arguments, when there are others than the range vector. */
  readonly args?: readonly ValueType[]
  readonly timeDependent?: boolean
  /** Called for the metric names of series that have a result. */
  readonly note?: (name: string, arg: Expr, evaluation: Evaluation) => void
  /** Called for every step with a result. */
  readonly checkParameter?: (parameter: number, call: Call, evaluation: Evaluation) => void
}

/** A function that makes one number of every window of every series. */
export function windowFunction(name: string, work: WindowOptions): VectorFunction {
  const { args = ['matrix'], keepsName = false, timeDependent = false } = work
  const rangeAt = args.indexOf('matrix')
  const scalarAt = args.indexOf('scalar')
  return {
    name,
    args,
    returns: 'vector',
    timeDependent,
    *evaluate(call, steps, evaluation) {
      const arg = unwrapParens(call.args[rangeAt] as Expr)
      const parameters = scalarAt < 0 ? undefined : yield* evaluation.scalar(call.args[scalarAt] as Expr, steps)
      const range = yield* evaluation.range(arg, steps)
      const output = yield* overWindows(work, range, areNameless(range), steps, parameters, evaluation)
      const names = range.isNameless
        ? undefined
        : (namesNow(call, output) ?? (yield* namesOf(call, output, evaluation)))
      note(names, call, parameters, output, evaluation)
      return areApart(names) ? output : yield* refuseEqual(output, evaluation)
    },
    evaluateNow(call, steps, evaluation) {
      // What others are to be told of a parameter is told where there is time.
      if (scalarAt >= 0 || work.result === undefined) return undefined
      const range = evaluation.rangeNow(unwrapParens(call.args[rangeAt] as Expr), steps)
      const output = range && overWindowsNow(work, range, areNameless(range), steps)
      const names = output && namesNow(call, output)
      if (names === undefined || !areApart(names)) return undefined
      note(names, call, undefined, output as Vector, evaluation)
      return output
    },
  }

  function areNameless(range: RangeVector): boolean {
    return !keepsName || range.isNameless
  }

  /** With its name, or none from the beginning, each series is the only one. */
  function areApart(names: Names | undefined): boolean {
    return keepsName || names === undefined || names.canBeDropped
  }

  function note(
    names: Names | undefined,
    call: Call,
    parameters: Float64Array | undefined,
    output: Vector,
    evaluation: Evaluation,
  ): void {
    if (work.note !== undefined && names !== undefined) {
      for (const name of names.all) work.note(name, unwrapParens(call.args[rangeAt] as Expr), evaluation)
    }
    if (work.checkParameter === undefined || parameters === undefined) return
    for (let k = 0; k < parameters.length; k++) {
      if (hasValueAt(output, k)) work.checkParameter(parameters[k] as number, call, evaluation)
    }
  }
}

/** Of whom is asked at once nobody keeps a window. */
const theWindow = new OneWindow()

/** As `overWindows`, for few series at one step, where summaries suffice; undefined otherwise. */
function overWindowsNow(work: WindowWork, range: RangeVector, isNameless: boolean, steps: Steps): Vector | undefined {
  const { series, ends, rangeMs } = range
  const output = Vector.empty(1, series.length, isNameless)
  const window = theWindow.setTo(ends[0] as number, rangeMs, steps.startMs)
  for (const input of series) {
    const found = fromSummary(work, window, input, output, output.room())
    if (found === undefined) return undefined
    if (found) output.keep(input.labels, input.typed)
  }
  return output
}

function* overWindows(
  work: WindowWork,
  range: RangeVector,
  isNameless: boolean,
  steps: Steps,
  parameters: Float64Array | undefined,
  evaluation: Evaluation,
): Work<Vector> {
  const { series, ends, rangeMs } = range
  const output = Vector.empty(steps.count, series.length, isNameless)
  const run = new WindowRun(work, new WindowWalk(range, steps, parameters), evaluation)
  const isOneStep = steps.count === 1
  const startMs = (ends[0] as number) - rangeMs
  const endMs = ends[steps.count - 1] as number
  for (let i = 0; i < series.length; i++) {
    if (evaluation.due(2)) yield
    const input = series[i] as RangeSeries
    const at = output.room()
    let found = isOneStep ? run.fromSummary(input, output, at) : yield* run.fromSummaries(input, output, at)
    if (found === undefined) {
      const samples = withoutMarkers(input.samples(startMs, endMs))
      evaluation.charge(samples.length)
      found = yield* run.fromSamples(samples, output, at)
    }
    if (found) output.keep(input.labels, input.typed)
  }
  return output
}

function hasValueAt({ size, steps, present }: Vector, step: number): boolean {
  for (let i = 0; i < size; i++) if (present[i * steps + step] === 1) return true
  return false
}
