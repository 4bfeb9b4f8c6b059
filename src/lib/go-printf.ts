import type { GoValue } from './go-value.ts'
import {
  formatGoValue,
  formatVerb,
  MAX_LENGTH,
  NO_FLAGS,
  TooLongError,
  typedGoValue,
  type VerbFlags,
} from './go-verb.ts'

/** Go's `fmt.Sprint`: a space stands between two operands of which neither is text. */
export function goSprint(values: readonly GoValue[], maxLength = MAX_LENGTH): string {
  const output = new Output(maxLength)
  for (const [i, value] of values.entries()) {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') output.add(' ')
    output.add(formatGoValue(value))
  }
  return output.text
}

/** Go's `fmt.Sprintln`: a space between all operands, and a line break. */
export function goSprintln(values: readonly GoValue[], maxLength = MAX_LENGTH): string {
  const output = new Output(maxLength)
  for (const [i, value] of values.entries()) output.add((i > 0 ? ' ' : '') + formatGoValue(value))
  output.add('\n')
  return output.text
}

/**
 * Go's `fmt.Sprintf`. What does not fit is told in the text as Go tells it: `%!d(float64=1)`, `%!s(MISSING)`,
 * `%!(EXTRA int=1)`. `%b`, `%x` and `%X` of a float are told as misfits too.
 *
 * @throws TooLongError beyond `maxLength` characters
 */
export function goSprintf(format: string, values: readonly GoValue[], maxLength = MAX_LENGTH): string {
  return new Formatter(format, values, new Output(maxLength)).run()
}

class Output {
  text = ''
  readonly #maxLength: number

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  add(piece: string): void {
    if (this.text.length + piece.length > this.#maxLength) {
      throw new TooLongError(this.#maxLength)
    }
    this.text += piece
  }
}

/** One pass over a format; `next` is the operand that the next verb takes. */
class Formatter {
  readonly #format: string
  readonly #values: readonly GoValue[]
  readonly #output: Output
  #at = 0
  #next = 0
  #reordered = false
  #goodIndex = true

  constructor(format: string, values: readonly GoValue[], output: Output) {
    this.#format = format
    this.#values = values
    this.#output = output
  }

  run(): string {
    const format = this.#format
    while (this.#at < format.length) {
      const percent = format.indexOf('%', this.#at)
      this.#output.add(format.slice(this.#at, percent === -1 ? undefined : percent))
      if (percent === -1) break
      this.#at = percent + 1
      this.#verb()
    }
    if (!this.#reordered && this.#next < this.#values.length) {
      const extra = this.#values.slice(this.#next).map(typedGoValue)
      this.#output.add(`%!(EXTRA ${extra.join(', ')})`)
    }
    return this.#output.text
  }

  #verb(): void {
    const flags = this.#flags()
    this.#goodIndex = true
    let afterIndex = this.#index()
    if (this.#peek() === '*') {
      this.#at++
      const width = this.#intOperand()
      if (width === undefined) this.#output.add('%!(BADWIDTH)')
      else {
        flags.width = Math.abs(width)
        if (width < 0) flags.minus = true
      }
      afterIndex = false
    } else {
      flags.width = this.#number()
      if (afterIndex && flags.width !== undefined) this.#goodIndex = false
    }
    if (this.#peek() === '.') {
      this.#at++
      if (afterIndex) this.#goodIndex = false
      afterIndex = this.#index()
      if (this.#peek() === '*') {
        this.#at++
        const precision = this.#intOperand()
        if (precision === undefined) this.#output.add('%!(BADPREC)')
        else if (precision >= 0) flags.precision = precision
        afterIndex = false
      } else flags.precision = this.#number() ?? 0
    }
    if (!afterIndex) this.#index()
    if (flags.minus) flags.zero = false
    this.#print(flags)
  }

  #print(flags: VerbFlags): void {
    if (this.#at >= this.#format.length) {
      this.#output.add('%!(NOVERB)')
      return
    }
    const verb = String.fromCodePoint(this.#format.codePointAt(this.#at) as number)
    this.#at += verb.length
    if (verb === '%') this.#output.add('%')
    else if (!this.#goodIndex) this.#output.add(`%!${verb}(BADINDEX)`)
    else if (this.#next >= this.#values.length) this.#output.add(`%!${verb}(MISSING)`)
    else this.#output.add(formatVerb(this.#values[this.#next++], verb, flags))
  }

  #peek(): string | undefined {
    return this.#format[this.#at]
  }

  #flags(): VerbFlags {
    const flags: VerbFlags = { ...NO_FLAGS }
    for (; ; this.#at++) {
      const flag = this.#peek()
      if (flag === '#') flags.sharp = true
      else if (flag === '0') flags.zero = true
      else if (flag === '+') flags.plus = true
      else if (flag === '-') flags.minus = true
      else if (flag === ' ') flags.space = true
      else return flags
    }
  }

  #number(): number | undefined {
    const digits = /^[0-9]+/.exec(this.#format.slice(this.#at, this.#at + 10))?.[0]
    if (digits === undefined) return undefined
    this.#at += digits.length
    return Math.min(Number(digits), MAX_LENGTH)
  }

  /** Reads `[n]`, which picks the operand; true when there was one. */
  #index(): boolean {
    if (this.#peek() !== '[') return false
    this.#reordered = true
    const close = this.#format.indexOf(']', this.#at)
    const text = close === -1 ? '' : this.#format.slice(this.#at + 1, close)
    const number = /^[0-9]+$/.test(text) ? Number(text) : 0
    this.#at = close === -1 ? this.#at + 1 : close + 1
    if (number >= 1 && number <= this.#values.length) this.#next = number - 1
    else this.#goodIndex = false
    return true
  }

  #intOperand(): number | undefined {
    const value = this.#next < this.#values.length ? this.#values[this.#next++] : undefined
    if (typeof value !== 'bigint' || value > BigInt(MAX_LENGTH) || value < -BigInt(MAX_LENGTH)) return undefined
    return Number(value)
  }
}
