import { Labels } from '../model/labels.ts'
import type { VectorSample } from '../model/rule.ts'
import { type EvaluateOptions, type Expr, evaluate, PromqlError, parse, type Queryable } from '../promql/index.ts'

/**
 * An instant query as rules and checks need it: a vector, where a scalar is one sample without labels.
 *
 * @throws PromqlError
 */
export async function queryStore(
  series: Queryable,
  expression: Expr | string,
  atMs: number,
  options: Pick<EvaluateOptions, 'shared' | 'defaultSubqueryStepMs'> = {},
): Promise<readonly VectorSample[]> {
  const expr = typeof expression === 'string' ? parse(expression) : expression
  const { value } = await evaluate({ expr, atMs }, series, options)
  switch (value.type) {
    case 'vector':
      return value.samples
    case 'scalar':
      return [{ labels: Labels.empty, value: value.value }]
    case 'matrix':
    case 'string':
      throw new PromqlError('execution', 'rule result is not a vector or scalar')
  }
}
