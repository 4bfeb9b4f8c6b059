import { ByteTable } from './byte-table.ts'
import { NeighbourParts } from './neighbour-parts.ts'

type Decode = (bytes: Buffer, start: number, end: number) => string

/**
 * Gives the same string for the same bytes. The labels of a target's series repeat a few names and values thousands of
 * times; as strings of their own they would take more memory than everything else about the series.
 */
export class TextTable {
  readonly #table = new ByteTable()
  readonly #texts: string[] = ['']
  readonly #labels = new NeighbourParts()
  readonly #names: string[] = []
  readonly #values: string[] = []

  /** What `decode` makes, or made earlier, of `bytes[start, end)`. */
  text(bytes: Buffer, start: number, end: number, decode: Decode): string {
    const known = this.#table.find(bytes, start, end)
    if (known !== 0) return this.#texts[known] as string
    const text = decode(bytes, start, end)
    this.#texts[this.#table.add(bytes, start, end)] = text
    return text
  }

  /** The end of the label (`name="value"`) at `at`, when it is that of the series read before at this place; otherwise -1. */
  labelEnd(bytes: Buffer, place: number, at: number): number {
    this.#labels.open(bytes)
    return this.#labels.end(place, at)
  }

  /** Name and value at a place of the series read last. */
  nameAt(place: number): string {
    return this.#names[place] as string
  }

  valueAt(place: number): string {
    return this.#values[place] as string
  }

  noteLabel(place: number, start: number, end: number, name: string, value: string): void {
    this.#labels.note(place, start, end)
    this.#names[place] = name
    this.#values[place] = value
  }
}
