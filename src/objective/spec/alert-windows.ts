import type { AlertWindows } from '../windows.ts'
import type { SpecFormat } from './document.ts'
import { SpecReader } from './spec-reader.ts'
import { readPairs } from './window-fields.ts'

/** Windows for all SLOs of a period: `kind: AlertWindows`. */
export const alertWindows: SpecFormat = {
  name: 'sloth.slok.dev/v1 AlertWindows',
  matches: ({ apiVersion, kind }) => apiVersion === 'sloth.slok.dev/v1' && kind === 'AlertWindows',
  read({ root, file }) {
    const reader = new SpecReader(root, file)
    const object = reader.map(root, [], ['apiVersion', 'kind', 'metadata', 'spec'])
    const fields = reader.map(object?.get('spec'), ['spec'], ['sloPeriod', 'page', 'ticket'])
    if (fields === undefined) {
      reader.problem(['spec'], 'is missing; write sloPeriod, page and ticket')
      return { problems: reader.problems }
    }
    const path = ['spec', 'sloPeriod']
    const periodMs = reader.duration(fields.get('sloPeriod'), path)
    if (!fields.has('sloPeriod') || periodMs === 0) reader.problem(path, 'has to be a time span such as 7d')
    const windows: AlertWindows = { periodMs: periodMs ?? 0, ...readPairs(reader, fields, ['spec']) }
    return { windows: reader.hasErrors ? [] : [{ windows, ...reader.placeOf(path) }], problems: reader.problems }
  },
}
