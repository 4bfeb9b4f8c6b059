import { seededRandom } from './seeded-random.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[A-Za-z_:][\w:]*|\d[\w.]*|[=!<>]=|[=!]~|\s+|./gs
const WORDS = [
  'sum avg topk quantile count_values rate abs label_replace time vector scalar round histogram_quantile nosuch',
  'a b_total node:x inf NaN sum by without on ignoring group_left group_right bool offset and or unless atan2 start end',
  '( ) { } [ ] , : @ + - * / % ^ = == != =~ !~ < > <= >= !',
  '1 0 2.5 .5 5. 1e3 1e-3 0x1f 017 08 1e 1.2.3 1e999 5m 1h30m 1y2w 0s 10ms 5m1h 1m1m 5M 1d2',
  '"x" "a|b" "(" \'q\' `raw` "\\n" "\\x41" "\\777" "\\u00e9" "é" "" job="a" le __name__ # \n ; $ & | ~ .',
].flatMap((line) => line.split(' '))

/** Changes a query a little: words left out, doubled, exchanged, put in, or letters changed. Most results are no queries. */
export class QueryMutator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  mutate(text: string): string {
    let changed = text
    for (let left = 1 + this.#below(3); left > 0; left--) {
      changed = this.#below(6) === 0 ? this.#letter(changed) : this.#word(changed)
    }
    return changed
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #word(text: string): string {
    const tokens = text.match(TOKEN) ?? []
    const at = this.#below(tokens.length + 1)
    const other = this.#below(tokens.length + 1)
    const word = WORDS[this.#below(WORDS.length)] as string
    switch (this.#below(8)) {
      case 0:
        return tokens.toSpliced(at, 1).join('')
      case 1:
        return tokens.toSpliced(at, 0, tokens[at] ?? '').join('')
      case 2:
        return tokens.toSpliced(at, 0, ' ', tokens[other] ?? '', ' ').join('')
      case 3:
        return tokens.toSpliced(at, 1, word).join('')
      case 4:
        return tokens.toSpliced(at, 0, ` ${word} `).join('')
      case 5:
        return tokens
          .map((token, i) => (i === at ? (tokens[other] ?? '') : i === other ? (tokens[at] ?? '') : token))
          .join('')
      case 6:
        return tokens.filter((token) => token.trim() !== '' || this.#below(2) === 0).join('')
      default:
        return tokens.map((token, i) => (i === at ? token.toUpperCase() : token)).join('')
    }
  }

  #letter(text: string): string {
    const at = this.#below(text.length + 1)
    const word = WORDS[this.#below(WORDS.length)] as string
    const letter = word[this.#below(word.length)] ?? ''
    return text.slice(0, at) + letter + text.slice(at + this.#below(2))
  }
}
