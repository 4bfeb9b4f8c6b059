import { inspect } from 'node:util'

const MASK = '<secret>'

/** A text that must not show: it prints as `<secret>` in JSON, logs, errors and templates; only `reveal()` gives it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
