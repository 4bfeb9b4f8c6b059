import type { z } from 'zod'
import { isSecretKey, redactText } from '../lib/redact.ts'
import { HARMLESS_HEADER } from '../probe/http-request.ts'
import { shapeOfAll } from './shape.ts'
import { secretOfFileKey, typedText } from './typed.ts'
import type { Written } from './written.ts'

const MASK = '<secret>'
/** Only references, nothing of the secret itself: it helps to see which variable holds it. */
const ONLY_REFERENCE = /^\$\{[A-Za-z_]\w*\}$/

/** What was written, to be shown: `${…}` unresolved, secrets masked by their schema, their key or their look. */
export function asWritten(written: Written, schemas: readonly z.core.$ZodType[], key = ''): unknown {
  const shape = shapeOfAll(schemas)
  switch (written.kind) {
    case 'text': {
      const { source, isNull } = written
      if (isNull) return null
      const isSecret = shape.secret || isSecretKey(key)
      if (isSecret) return maskedText(source)
      return typedText({ ...written, text: redactText(source), splits: false }, shape)
    }
    case 'list':
      return written.items.map((item) => asWritten(item, shape.items ?? [], key))
    case 'map':
      return Object.fromEntries(
        [...written.entries].map(([inner, { value }]) => {
          const isPath = secretOfFileKey(inner, shape) !== undefined
          if (key === 'headers' && value.kind === 'text' && !HARMLESS_HEADER.test(inner.toLowerCase())) {
            return [inner, maskedText(value.source)]
          }
          return [inner, asWritten(value, isPath ? [] : (shape.fields?.get(inner) ?? shape.values ?? []), inner)]
        }),
      )
  }
}

function maskedText(source: string): string {
  return ONLY_REFERENCE.test(source) ? source : MASK
}
