import { Labels } from '../model/labels.ts'
import type { VectorSample } from '../model/rule.ts'
import { type Expr, evaluate, parse, type Queryable, type SharedResults } from '../promql/index.ts'

/** An instant query as rules and checks need it: a vector, where a scalar is one sample without labels. */
export async function queryStore(
  series: Queryable,
  expression: Expr | string,
  atMs: number,
  shared?: SharedResults,
): Promise<readonly VectorSample[]> {
  const expr = typeof expression === 'string' ? parse(expression) : expression
  const { value } = await evaluate({ expr, atMs }, series, { shared })
  switch (value.type) {
    case 'vector':
      return value.samples
    case 'scalar':
      return [{ labels: Labels.empty, value: value.value }]
    case 'matrix':
    case 'string':
      throw new Error('rule result is not a vector or scalar')
  }
}
