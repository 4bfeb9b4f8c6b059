import { expect, test } from 'vitest'
import { AGGREGATIONS, BINARY_OPERATORS, type Expr, functions, walk } from '../../src/promql/index.ts'
import { parseSyntax } from '../../src/promql/syntax/parser.ts'
import { QueryGenerator } from './query-generator.ts'

/** Not known to Prometheus 2.42 on floats, or with other results there. */
const NOT_ASKED = ['first_over_time', 'histogram_fraction']

/** What a node is, in words. */
function featuresOf(node: Expr): string[] {
  switch (node.kind) {
    case 'call':
      return [node.name]
    case 'aggregate':
      return [node.op, `${node.op} ${node.without ? 'without' : node.grouping.length > 0 ? 'by' : 'all'}`]
    case 'binary': {
      const { cardinality, on, explicit } = node.matching
      return [node.op, `${node.op} bool ${node.returnBool}`, explicit ? `${on ? 'on' : 'ignoring'} ${cardinality}` : '']
    }
    case 'unary':
      return [`sign ${node.op}`]
    case 'selector':
    case 'subquery': {
      const moved = node.offsetMs > 0 ? ['offset back'] : node.offsetMs < 0 ? ['offset forward'] : []
      return [node.kind, ...moved, ...(node.at === undefined ? [] : [`${node.kind} @ ${node.at.kind}`])]
    }
    default:
      return [node.kind]
  }
}

test('the generator asks every function, operator, aggregation, modifier and way to match', () => {
  const generator = new QueryGenerator(1)
  const asked = new Set<string>()
  for (let i = 0; i < 5000; i++) {
    for (const node of walk(parseSyntax(generator.next(i % 2 === 1).text)))
      for (const each of featuresOf(node)) asked.add(each)
  }
  const comparisons = ['==', '!=', '<', '<=', '>', '>=']
  const wanted = [
    ...functions.map((fn) => fn.name).filter((name) => !NOT_ASKED.includes(name)),
    ...BINARY_OPERATORS,
    ...comparisons.flatMap((op) => [`${op} bool true`, `${op} bool false`]),
    ...AGGREGATIONS.flatMap((op) => [op, `${op} by`, `${op} without`, `${op} all`]),
    ...['on', 'ignoring'].map((way) => `${way} one-to-one`),
    ...['on many-to-one', 'on one-to-many', 'ignoring many-to-one'],
    ...['range', 'subquery', 'paren', 'sign +', 'sign -', 'offset back', 'offset forward'],
    ...['selector', 'subquery'].flatMap((kind) => [`${kind} @ time`, `${kind} @ start`, `${kind} @ end`]),
  ]
  expect(wanted.filter((each) => !asked.has(each))).toEqual([])
})
