import type { Problem } from '../model/problem.ts'
import { formatPath, type Place } from './written.ts'

const SHORTEST_SECRET = 4
const MASK = '<secret>'

/** Gathers what is wrong, keeps secrets out of it, and gives it in the order of the files. */
export class Collector {
  readonly #problems: Problem[] = []
  readonly #secrets = new Set<string>()
  readonly #settled = new Set<string>()

  add(place: Place, path: readonly PropertyKey[], message: string, severity: Problem['severity'] = 'error'): void {
    const field = formatPath(path)
    if (this.#settled.has(field)) return
    this.#problems.push({ ...place, ...(field === '' ? {} : { field }), message, severity })
  }

  /** No more about this field: what is wrong with it has been said, and what follows from that would only confuse. */
  settle(path: readonly PropertyKey[]): void {
    this.#settled.add(formatPath(path))
  }

  /** This text must not show in any problem. */
  hide(secret: string): void {
    if (secret.length >= SHORTEST_SECRET) this.#secrets.add(secret)
  }

  /** By line within a file; files, variables and options in the order in which they were first complained about. */
  problems(): Problem[] {
    const files = [...new Set(this.#problems.map(({ file }) => file))]
    const order = (a: Problem, b: Problem) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0)
    const seen = new Set<string>()
    const result: Problem[] = []
    for (const problem of this.#problems.toSorted(order)) {
      const clean = { ...problem, message: this.#clean(problem.message) }
      const key = JSON.stringify(clean)
      if (!seen.has(key)) result.push(clean)
      seen.add(key)
    }
    return result
  }

  #clean(message: string): string {
    let text = message
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length)
    for (const secret of longestFirst) {
      for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)])) text = text.replaceAll(form, MASK)
    }
    // `password` itself is what our own examples hold.
    return text.replace(/(:\/\/[^\s:/@"]*):(?!password@)[^\s"]+@/g, `$1:${MASK}@`)
  }
}
