import type { Matcher } from '../../../model/matcher.ts'
import { type Column, widened } from './column.ts'
import type { LabelRecords } from './label-records.ts'
import type { PostingLists } from './posting-lists.ts'
import type { TermsByValue, TermTable } from './term-table.ts'

/** Series that may satisfy the matchers, ascending. */
interface Candidates {
  readonly array: Uint32Array
  readonly start: number
  readonly end: number
}

/**
 * A matcher as a question for terms. One that an absent label does not satisfy wants one of its terms (those whose values
 * match); one that an absent label satisfies refuses its terms (those whose values do not match).
 */
interface Question {
  readonly matcher: Matcher
  readonly wants: boolean
  /** Undefined until it is known which terms they are. */
  terms: readonly number[] | undefined
  /** How many series have one of the terms. */
  count: number
}

/** A bit each in the marks of the terms. */
const MAX_MARKED = 31
/** How many numbers can be looked up in the time that it takes to sort one. */
const SORT_COST = 4

/**
 * Answers matchers in two steps: the fewest candidates that one matcher leaves, then for each candidate whether its terms
 * carry the marks that the other matchers have put on terms. No text is compared once the terms are known.
 */
export class Selection {
  readonly #terms: TermTable
  readonly #postings: PostingLists
  readonly #records: LabelRecords
  /** By term; zeros between calls. */
  #marks: Column = new Uint32Array(64)
  #found: Column = new Uint32Array(64)

  constructor(terms: TermTable, postings: PostingLists, records: LabelRecords) {
    this.#terms = terms
    this.#postings = postings
    this.#records = records
  }

  /** The series that satisfy every matcher, ascending. */
  find(matchers: readonly Matcher[]): Uint32Array {
    const questions: Question[] = []
    for (const matcher of matchers) {
      const question = this.#question(matcher)
      if (question.terms?.length !== 0) questions.push(question)
      else if (question.wants) return new Uint32Array(0)
    }
    let narrowest = narrowestOf(questions)
    // Going through all values of a label is worth it when they are fewer than the candidates.
    let later: Question[] | undefined
    for (const question of questions) {
      if (question.terms !== undefined) continue
      const values = this.#terms.valuesOf(question.matcher.name)
      if (values === undefined) {
        if (question.wants) return new Uint32Array(0)
        question.terms = []
      } else if (values.size <= (narrowest?.count ?? this.#records.size)) {
        this.#judgeAll(question, values)
        if (question.wants && question.count === 0) return new Uint32Array(0)
        if (question.wants && question.count < (narrowest?.count ?? Infinity)) narrowest = question
      } else {
        later ??= []
        later.push(question)
      }
    }
    return this.#answer(questions, narrowest, later)
  }

  /** The numbers of a term's series, without those that are gone. */
  list(term: number): Candidates {
    this.#postings.sweep(term, (ref) => this.#records.has(ref))
    const start = this.#postings.start(term)
    return { array: this.#postings.array(term), start, end: start + this.#postings.length(term) }
  }

  #question(matcher: Matcher): Question {
    const { name, op, words } = matcher
    const wants = !matcher.matches('')
    // What the words say is the answer unless they are what does not count: `=""`, `!~"a|"`.
    if (words === undefined || wants !== (op === '=' || op === '=~')) {
      return { matcher, wants, terms: undefined, count: 0 }
    }
    const terms: number[] = []
    let count = 0
    for (const word of words) {
      const term = this.#terms.find(name, word)
      if (term === 0) continue
      terms.push(term)
      count += this.#postings.count(term)
    }
    return { matcher, wants, terms, count }
  }

  #judgeAll(question: Question, values: TermsByValue): void {
    const { matcher, wants } = question
    const terms: number[] = []
    for (const [value, term] of values) {
      if (matcher.matches(value) !== wants) continue
      terms.push(term)
      question.count += this.#postings.count(term)
    }
    question.terms = terms
  }

  #answer(
    questions: readonly Question[],
    narrowest: Question | undefined,
    later: readonly Question[] | undefined,
  ): Uint32Array {
    const candidates = this.#candidates(narrowest)
    const length = candidates.end - candidates.start
    if (this.#found.length < length) this.#found = new Uint32Array(length)
    let found = this.#found
    let asked = 0
    let wanted = 0
    let bit = 1
    const open = [...(later ?? [])]
    if (this.#marks.length < this.#terms.end) this.#marks = widened(this.#marks, this.#terms.end)
    const marks = this.#marks
    for (const question of questions) {
      const { terms, wants } = question
      // Candidates that were gathered term by term satisfy that question, those of all series don't.
      if (terms === undefined || (question === narrowest && length === narrowest.count)) continue
      if (asked === 2 ** MAX_MARKED - 1) {
        open.push(question)
        continue
      }
      for (const term of terms) marks[term] = (marks[term] as number) | bit
      asked |= bit
      if (wants) wanted |= bit
      bit <<= 1
    }
    let count = length
    if (asked !== 0) {
      count = this.#records.filter(candidates, marks, asked, wanted, found)
      for (const { terms } of questions) if (terms !== undefined) for (const term of terms) marks[term] = 0
    } else if (open.length > 0) {
      found.set(candidates.array.subarray(candidates.start, candidates.end))
    } else {
      return candidates.array.slice(candidates.start, candidates.end)
    }
    for (const { matcher } of open) count = this.#judgeEach(matcher, found, count)
    found = found.slice(0, count)
    return found
  }

  #candidates(narrowest: Question | undefined): Candidates {
    const all = this.#records.size
    if (narrowest?.terms === undefined || narrowest.count * SORT_COST > all) {
      const [term, ...others] = narrowest?.terms ?? []
      if (term !== undefined && others.length === 0) return this.list(term)
      return { array: this.#records.refs(), start: 0, end: all }
    }
    const [term = 0, ...others] = narrowest.terms
    if (others.length === 0) return this.list(term)
    const gathered = new Uint32Array(narrowest.count)
    let length = 0
    for (const each of narrowest.terms) {
      const { array, start, end } = this.list(each)
      for (let i = start; i < end; i++) gathered[length++] = array[i] as number
    }
    // A series has one value of a label, so that no number comes twice.
    return { array: gathered.sort(), start: 0, end: length }
  }

  /** Keeps those of the first numbers in `refs` whose value satisfies the matcher; returns how many they are. */
  #judgeEach(matcher: Matcher, refs: Uint32Array, count: number): number {
    const name = this.#terms.numberOf(matcher.name)
    const names = this.#terms.nameNumbers
    const { words } = this.#records
    let kept = 0
    for (let i = 0; i < count; i++) {
      const ref = refs[i] as number
      const place = this.#records.place(ref)
      const last = place + (words[place] as number)
      let at = place + 1
      while (at <= last && names[words[at] as number] !== name) at++
      if (matcher.matches(at <= last ? this.#terms.valueOf(words[at] as number) : '')) refs[kept++] = ref
    }
    return kept
  }
}

/** The question whose terms are known that leaves the fewest series. */
function narrowestOf(questions: readonly Question[]): Question | undefined {
  let narrowest: Question | undefined
  for (const question of questions) {
    if (!question.wants || question.terms === undefined) continue
    if (narrowest === undefined || question.count < narrowest.count) narrowest = question
  }
  return narrowest
}
