import type { StepSeries } from '../evaluate/evaluation.ts'
import { hasValues, mergeEqual, withoutMetadata } from '../evaluate/series.ts'
import type { Expr, ValueType } from '../syntax/ast.ts'
import type { VectorFunction } from './signature.ts'

interface InstantOptions {
  /** Scalar arguments after the vector. */
  readonly scalars?: number
  /** The last scalar may be left out and is this then. */
  readonly defaultScalar?: number
  /** Whether a sample stays at all, given the scalars. */
  readonly keeps?: (a: number, b: number) => boolean
}

/** A function that changes every sample's value by itself, and drops the metric's name. */
export function instantFunction(
  name: string,
  change: (value: number, a: number, b: number) => number,
  { scalars = 0, defaultScalar, keeps }: InstantOptions = {},
): VectorFunction {
  const args: ValueType[] = ['vector', ...Array.from({ length: scalars }, () => 'scalar' as const)]
  return {
    name,
    args,
    ...(defaultScalar === undefined ? {} : { variadic: 1 }),
    returns: 'vector',
    async evaluate(call, steps, evaluation) {
      const input = await evaluation.vector(call.args[0] as Expr, steps)
      const parameters: (Float64Array | undefined)[] = []
      for (const arg of call.args.slice(1)) parameters.push(await evaluation.scalar(arg, steps))
      const [a, b] = parameters
      const output: StepSeries[] = []
      for (const series of input) {
        const { values, present } = series
        if (evaluation.due()) await evaluation.pause()
        const changed = new Float64Array(steps.count)
        let stays = present
        for (let i = 0; i < steps.count; i++) {
          if (present[i] === 0) continue
          const first = a === undefined ? (defaultScalar ?? 0) : (a[i] as number)
          const second = b === undefined ? 0 : (b[i] as number)
          if (keeps !== undefined && !keeps(first, second)) {
            if (stays === present) stays = present.slice()
            stays[i] = 0
            continue
          }
          changed[i] = change(values[i] as number, first, second)
        }
        const next = { ...withoutMetadata(series), values: changed, present: stays }
        if (stays === present || hasValues(next)) output.push(next)
      }
      return mergeEqual(output, evaluation)
    },
  }
}
