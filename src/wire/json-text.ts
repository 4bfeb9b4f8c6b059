import { type Labels, METRIC_NAME } from '../model/labels.ts'

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/** A text as JSON; for the short, plain texts of labels faster than JSON.stringify. */
export function jsonText(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(text)
}

/** Whether JSON has nothing to escape; surrogates, of which one may be alone, are left to JSON.stringify, too. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < SPACE || code === QUOTE || code === BACKSLASH) return false
    if (code >= FIRST_SURROGATE && code <= LAST_SURROGATE) return false
  }
  return true
}

/** Labels as a JSON object, in their order; many thousands of them are written this way without making any object. */
export function labelsJson({ pairs }: Labels, withName: 'with name' | 'without name'): string {
  let text = ''
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (name === METRIC_NAME && withName === 'without name') continue
    if (text !== '') text += ','
    text += jsonText(name)
    text += ':'
    text += jsonText(pairs[i + 1] as string)
  }
  return `{${text}}`
}
