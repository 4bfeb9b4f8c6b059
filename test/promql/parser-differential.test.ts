import { afterAll, beforeAll, expect, test } from 'vitest'
import { PromqlError, parse, prettyPrint } from '../../src/promql/index.ts'
import { lex } from '../../src/promql/syntax/lex.ts'
import { formatFixed } from '../../src/promql/syntax/number.ts'
import { describePeers } from '../support/peers.ts'
import { type PrometheusServer, startPrometheus } from './prometheus-server.ts'
import { QueryGenerator } from './query-generator.ts'
import { QueryMutator } from './query-mutator.ts'

const SEED = Number(process.env.PROMQL_SEED ?? 20_261)
const QUERIES = Number(process.env.PROMQL_QUERIES ?? 5000)
const BATCH = 100

function outcome(text: string): { printed: string } | { error: string } {
  try {
    return { printed: prettyPrint(parse(text)) }
  } catch (error) {
    if (error instanceof PromqlError) return { error: error.message }
    throw error
  }
}

const OPERATOR_WORDS = new Set(['and', 'or', 'unless', 'atan2', 'bool'])
const LIST_OPENERS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])

/** What a text has that only Prometheus 3 reads. */
function isNewer(text: string): boolean {
  const open: string[] = []
  let before = ''
  /** 2 behind the word `offset` where it moves something, 1 behind its sign. */
  let offset = 0
  let endsOperand = false
  for (const { kind, text: word } of lex(text)) {
    const inside = open.at(-1)
    const behindOffset = offset > 0
    // Quoted names of metrics and labels.
    if (kind === 'string' && inside === '{' && !/^(?:!=|=~?|!~)$/.test(before)) return true
    if (kind === 'string' && inside === 'list') return true
    // Seconds for durations, durations for seconds, and arithmetic with both.
    if (inside === '[' && kind !== 'duration' && !/^[\]:]$/.test(word)) return true
    if (behindOffset && (kind === 'number' || word === '(')) return true
    if (offset === 2 && word === '+') return true
    if (behindOffset && /^(?:0+[a-z]+)+$/.test(word)) return true
    // A label of this name is not foreseen in the grammar of 2.42.
    if (inside === 'list' && word.toLowerCase() === 'without') return true
    if (kind === 'identifier' && inside === 'list' && word.includes(':')) return true
    if (kind === 'duration' && inside !== '[' && !behindOffset) return true
    if (kind === 'number' && word.includes('_')) return true
    if (kind === 'operator' && /^[([{]$/.test(word)) open.push(LIST_OPENERS.has(before) ? 'list' : word)
    if (kind === 'operator' && /^[)\]}]$/.test(word)) open.pop()
    const isOperator = kind === 'operator' ? !/^[)\]}]$/.test(word) : OPERATOR_WORDS.has(word.toLowerCase())
    if (word.toLowerCase() === 'offset' && endsOperand) offset = 2
    else offset = offset === 2 && /^[-+]$/.test(word) ? 1 : 0
    endsOperand = !isOperator && offset === 0
    before = word.toLowerCase()
  }
  return false
}

/**
 * What only Prometheus 2 reads: any word in brackets counts as their colon, times beyond all bounds overflow, and there are
 * functions that are gone or that we refuse.
 */
function isOlder(text: string, error: string): boolean {
  return (
    /\[[^\]]*[A-Za-z][^\]]*\]/.test(text.replaceAll(/\d+(?:ms|[smhdwy])/g, '')) ||
    /not supported|removed|out of bounds/.test(error)
  )
}

/** Numbers without exponents, as Prometheus 3 prints them. */
function normalized(printed: string): string {
  return printed.replace(/(?<![\w."])\d\.?\d*e[+-]\d+/g, (number) => formatFixed(Number(number)))
}

describePeers(['prometheus'], ({ prometheus }) => {
  let server: PrometheusServer

  beforeAll(async () => {
    server = await startPrometheus(prometheus)
  }, 120_000)

  afterAll(async () => {
    await server?.stop()
  })

  test(`${QUERIES} mutated queries are taken, refused and printed as Prometheus does (PROMQL_SEED=${SEED})`, async () => {
    const generator = new QueryGenerator(SEED)
    const mutator = new QueryMutator(SEED)
    const differences: string[] = []
    let taken = 0
    for (let done = 0; done < QUERIES; done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, QUERIES - done) }, (_, k) => {
        const { text } = generator.next(k % 2 === 0)
        const query = k % 10 === 0 ? text : mutator.mutate(text)
        return { query, theirs: server.ask('format_query', { query }) }
      })
      for (const { query, theirs } of batch) {
        const ours = outcome(query)
        const their = await theirs
        if ('printed' in ours) taken++
        if (their.status === 'error') {
          if ('printed' in ours && !isNewer(query)) {
            differences.push(`${query}\n  taken as ${ours.printed}; Prometheus: ${their.error}`)
          }
        } else if ('error' in ours) {
          if (!isOlder(query, ours.error)) differences.push(`${query}\n  ${ours.error}; Prometheus: ${their.data}`)
        } else {
          const written = String(their.data)
          const theirText = normalized(written)
          // Numbers of another width break lines elsewhere.
          const laidOut = (text: string) => (theirText === written ? text : text.replaceAll(/\s+/g, ''))
          if (laidOut(theirText) !== laidOut(ours.printed)) {
            differences.push(`${query}\n  ${ours.printed}; Prometheus: ${theirText}`)
          }
        }
      }
    }
    console.log(`seed ${SEED}: ${QUERIES} queries, ${taken} taken`)
    expect(differences.join('\n')).toBe('')
  }, 180_000)
})
