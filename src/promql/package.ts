/** The package `midwatch/promql`: the language, and those nouns of `model/` that its callers speak. */
export { compareLabels, Labels, METRIC_NAME } from '../model/labels.ts'
export { createMatcher, formatMatcher, type Matcher, type MatchOp, matchesAll } from '../model/matcher.ts'
export { RegexError } from '../model/regex.ts'
export { NO_SAMPLES, type Samples } from '../model/sample.ts'
export { NEEDS, Summary } from '../model/summary.ts'
export * from './index.ts'
