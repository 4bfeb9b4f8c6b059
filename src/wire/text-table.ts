import { SeriesTable } from './series-table.ts'

/**
 * Gives the same string for the same bytes. The labels of a target's series repeat a few names and values thousands of
 * times; as strings of their own they would take more memory than everything else about the series.
 */
export class TextTable {
  readonly #table = new SeriesTable()
  readonly #texts: string[] = ['']

  /** What `decode` makes, or made earlier, of `bytes[start, end)`. */
  text(
    bytes: Buffer,
    start: number,
    end: number,
    decode: (bytes: Buffer, start: number, end: number) => string,
  ): string {
    const known = this.#table.find(bytes, start, end)
    if (known !== 0) return this.#texts[known] as string
    const text = decode(bytes, start, end)
    this.#texts[this.#table.add(bytes, start, end)] = text
    return text
  }
}
