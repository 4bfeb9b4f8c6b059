import { type Labels, METRIC_NAME } from '../model/labels.ts'

/** What JSON has to escape; lone surrogates are left to JSON.stringify, too. */
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/

/** A text as JSON; for the short, plain texts of labels faster than JSON.stringify. */
export function jsonText(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Labels as a JSON object, in their order; many thousands of them are written this way without making any object. */
export function labelsJson({ pairs }: Labels, withName: 'with name' | 'without name'): string {
  let text = ''
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (name === METRIC_NAME && withName === 'without name') continue
    text += `${text === '' ? '' : ','}${jsonText(name)}:${jsonText(pairs[i + 1] as string)}`
  }
  return `{${text}}`
}
