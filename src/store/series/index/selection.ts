import type { Matcher } from '../../../model/matcher.ts'
import { type Column, widened } from './column.ts'
import { intersect, type Refs } from './intersect.ts'
import type { LabelRecords } from './label-records.ts'
import type { PostingLists } from './posting-lists.ts'
import type { TermsByValue, TermTable } from './term-table.ts'

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
/** As many candidates are looked up one by one at once. */
const FEW = 32
/** A list that is this many times as long as that of the candidates is not gone along. */
const MUCH_LONGER = 64

/**
 * Answers matchers in steps: the fewest candidates that one matcher leaves, those of them that are in the lists of other
 * terms, then for each candidate whether its terms carry the marks that the remaining matchers have put on terms. No text is
 * compared once the terms are known.
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
    const later: Question[] = []
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
      } else later.push(question)
    }
    return this.#answer(questions, narrowest, later)
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

  #answer(questions: readonly Question[], narrowest: Question | undefined, later: readonly Question[]): Uint32Array {
    const candidates = this.#candidates(narrowest)
    const length = candidates.end - candidates.start
    // Candidates that were gathered term by term satisfy that question; all series don't, unless all of them do.
    const answered = narrowest?.count === length ? narrowest : undefined
    const open = questions.filter((question) => question !== answered && question.terms !== undefined)
    if (open.length + later.length === 0) return candidates.array.slice(candidates.start, candidates.end)
    if (this.#found.length < length) this.#found = new Uint32Array(length)
    const found = this.#found
    let left = candidates
    const listed = open.filter(({ wants, terms }) => wants && terms?.length === 1).sort((a, b) => a.count - b.count)
    for (const question of listed) {
      const count = left.end - left.start
      if (count <= FEW || question.count > count * MUCH_LONGER) break
      const end = intersect(left, this.#list(question.terms?.[0] as number), found)
      left = { array: found, start: 0, end }
      open.splice(open.indexOf(question), 1)
    }
    for (let i = 0; i < open.length; i += MAX_MARKED) {
      left = { array: found, start: 0, end: this.#filter(left, open.slice(i, i + MAX_MARKED)) }
    }
    if (left.array !== found) {
      found.set(left.array.subarray(left.start, left.end))
      left = { array: found, start: 0, end: length }
    }
    let count = left.end
    for (const { matcher } of later) count = this.#judgeEach(matcher, found, count)
    return found.slice(0, count)
  }

  #candidates(narrowest: Question | undefined): Refs {
    const terms = narrowest?.terms
    const [term] = terms ?? []
    if (term !== undefined && terms?.length === 1) return this.#list(term)
    const all = this.#records.size
    if (narrowest === undefined || terms === undefined || narrowest.count * SORT_COST > all) {
      return { array: this.#records.refs(), start: 0, end: all }
    }
    const gathered = new Uint32Array(narrowest.count)
    let length = 0
    for (const each of terms) {
      const { array, start, end } = this.#list(each)
      for (let i = start; i < end; i++) gathered[length++] = array[i] as number
    }
    // A series has one value of a label, so that no number comes twice.
    return { array: gathered.sort(), start: 0, end: length }
  }

  /** The numbers of a term's series, without those that are gone. */
  #list(term: number): Refs {
    this.#postings.sweep(term, (ref) => this.#records.has(ref))
    const start = this.#postings.start(term)
    return { array: this.#postings.array(term), start, end: start + this.#postings.length(term) }
  }

  /** Puts those that satisfy all of some questions into `#found`; returns how many they are. */
  #filter(refs: Refs, questions: readonly Question[]): number {
    if (this.#marks.length < this.#terms.end) this.#marks = widened(this.#marks, this.#terms.end)
    const marks = this.#marks
    let asked = 0
    let wanted = 0
    for (const [i, { terms, wants }] of questions.entries()) {
      const bit = 1 << i
      for (const term of terms ?? []) marks[term] = (marks[term] as number) | bit
      asked |= bit
      if (wants) wanted |= bit
    }
    const count = this.#records.filter(refs, marks, asked, wanted, this.#found)
    for (const { terms } of questions) for (const term of terms ?? []) marks[term] = 0
    return count
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
