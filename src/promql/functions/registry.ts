import { absent } from './absent.ts'
import { arithmeticFunctions, trigonometricFunctions } from './arithmetic.ts'
import { conversionFunctions } from './conversion.ts'
import { counterFunctions } from './counter.ts'
import { histogramFunctions } from './histogram.ts'
import { labelFunctions } from './labels.ts'
import { overTimeFunctions } from './over-time.ts'
import { regressionFunctions } from './regression.ts'
import type { PromqlFunction } from './signature.ts'
import { timeFunctions } from './time.ts'

/** Every function of the language. The checker, the evaluator and the documentation read this list. */
export const functions: readonly PromqlFunction[] = [
  absent,
  ...arithmeticFunctions,
  ...conversionFunctions,
  ...counterFunctions,
  ...histogramFunctions,
  ...labelFunctions,
  ...overTimeFunctions,
  ...regressionFunctions,
  ...timeFunctions,
  ...trigonometricFunctions,
]

const byName = new Map(functions.map((fn) => [fn.name, fn]))

export function functionNamed(name: string): PromqlFunction | undefined {
  return byName.get(name)
}

const NATIVE = 'works on native histograms, which are not supported'
const EXPERIMENTAL = 'is experimental and not supported'

/** Functions that Prometheus knows and this engine does not, with the reason. */
export const refusedFunctions: ReadonlyMap<string, string> = new Map([
  ...['histogram_avg', 'histogram_count', 'histogram_stddev', 'histogram_stdvar', 'histogram_sum'].map(
    (name) => [name, NATIVE] as const,
  ),
  ...[
    'double_exponential_smoothing',
    'end',
    'histogram_quantiles',
    'info',
    'integral',
    'mad_over_time',
    'range',
    'sort_by_label',
    'sort_by_label_desc',
    'start',
    'step',
    'ts_of_first_over_time',
    'ts_of_last_over_time',
    'ts_of_max_over_time',
    'ts_of_min_over_time',
  ].map((name) => [name, EXPERIMENTAL] as const),
  ['holt_winters', 'was removed in Prometheus 3; its successor double_exponential_smoothing() is experimental'],
])
