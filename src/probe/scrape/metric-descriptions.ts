import type { MetricMeta, MetricType } from '../../model/metric.ts'
import type { SampleSink } from '../../model/sink.ts'
import type { ExpositionFormat, ExpositionReader } from '../../wire/exposition.ts'
import { familyNameInText } from '../../wire/exposition-family.ts'

interface Description {
  type: MetricType
  help: string
  unit: string
}

/** TYPE, HELP and UNIT as targets of one job give them; what changes goes on to the store. */
export class MetricDescriptions {
  readonly #sink: SampleSink
  readonly #known = new Map<string, Description>()
  readonly #changed = new Map<string, ExpositionFormat>()

  constructor(sink: SampleSink) {
    this.#sink = sink
  }

  /** Takes note of a line that the reader has just read. */
  note(entry: 'type' | 'help' | 'unit', reader: ExpositionReader, format: ExpositionFormat): void {
    const { family } = reader
    let known = this.#known.get(family)
    if (known === undefined) {
      known = { type: 'unknown', help: '', unit: '' }
      this.#known.set(family, known)
    }
    const field = entry === 'type' ? 'type' : entry
    const value = entry === 'type' ? reader.type : reader.text
    if (known[field] === value) return
    Object.assign(known, { [field]: value })
    this.#changed.set(family, format)
  }

  /** Tells the store what has changed. */
  flush(): void {
    for (const [family, format] of this.#changed) {
      const { type, help, unit } = this.#known.get(family) as Description
      const meta: MetricMeta = { type, help, ...(unit === '' ? {} : { unit }) }
      this.#sink.describe(format === 'openmetrics' ? familyNameInText(family, type) : family, meta)
    }
    this.#changed.clear()
  }
}
