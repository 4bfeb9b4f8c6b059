import { Labels } from '../../src/model/labels.ts'
import { BatchBuilder } from '../../src/model/sample.ts'
import type { Store } from '../../src/store/store.ts'

/** A series by its labels (`__name__` too), with values at times; null is a staleness marker. */
export type GivenSeries = readonly [
  labels: Readonly<Record<string, string>>,
  ...samples: readonly (readonly [timeMs: number, value: number | null])[],
]

/** Puts samples into a store, as if probes, scrapes or rules had brought them; they are on disk afterwards. */
export async function putSamples({ series }: Store, given: readonly GivenSeries[]): Promise<void> {
  const batch = new BatchBuilder()
  for (const [labels, ...samples] of given) {
    const ref = series.ref(Labels.of(labels))
    if (ref === undefined) throw new Error(`the store refuses ${JSON.stringify(labels)}`)
    for (const [timeMs, value] of samples) {
      if (value === null) batch.addStale(ref, timeMs)
      else batch.add(ref, timeMs, value)
    }
  }
  await series.append(batch.take())
}
