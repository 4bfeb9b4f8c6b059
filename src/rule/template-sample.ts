import type { GoSlice, GoStruct, GoValue } from '../lib/go-value.ts'
import type { Labels } from '../model/labels.ts'
import { labelsMap } from '../template/value.ts'

/** One element of what the `query` function answers. */
export interface TemplateSample {
  /** With the metric's name as `__name__`. */
  readonly labels: Labels
  readonly value: number
}

/** Go's names of the types, as they show in errors and for `%T`. */
export const VECTOR_TYPE = 'template.queryResult'
const SAMPLE_STRUCT = 'template.sample'
export const SAMPLE_TYPE = `*${SAMPLE_STRUCT}`

export function vectorValue(samples: readonly TemplateSample[]): GoSlice {
  return { kind: 'slice', type: VECTOR_TYPE, items: samples.map(sampleValue) }
}

function sampleValue({ labels, value }: TemplateSample): GoStruct {
  const fields = new Map<string, GoValue>([
    ['Labels', labelsMap(labels)],
    ['Value', value],
  ])
  return { kind: 'struct', type: SAMPLE_STRUCT, isPointer: true, fields }
}
