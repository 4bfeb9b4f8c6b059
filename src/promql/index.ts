/** The Prometheus query language, version 3: parse, check, print and evaluate, on any source of samples. */
export { PromqlError, type PromqlErrorKind } from './error.ts'
export type { NewestSample, Queryable, SelectedSeries, SelectRequest } from './evaluate/data.ts'
export {
  type EvaluateOptions,
  evaluate,
  type InstantSample,
  type Limits,
  type MatrixSeries,
  type Query,
  type QueryResult,
  type QueryValue,
} from './evaluate/query.ts'
export { type GroupMember, SharedParts, type SharedResults } from './evaluate/shared.ts'
export { functions } from './functions/registry.ts'
export * from './syntax/ast.ts'
export { check, typeOf } from './syntax/check.ts'
export { parse } from './syntax/parse.ts'
export type { Span } from './syntax/position.ts'
export { prettyPrint, print } from './syntax/print.ts'
