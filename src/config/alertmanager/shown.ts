import type { z } from 'zod'
import { isSecretKey } from '../../lib/redact.ts'
import { shapeOfAll } from '../shape.ts'
import { secretOfFileKey, typedText } from '../typed.ts'
import type { Written } from '../written.ts'
import { parts, type ShownAlertmanager } from './alertmanager.ts'
import { flag, isOn } from './fields.ts'
import { UNUSED_GLOBALS } from './global.ts'

const MASK = '<secret>'
/** It helps to see which variable holds a secret. */
const ONLY_REFERENCE = /^\$\{[A-Za-z_]\w*\}$/

/** The parts that are printed as they were written, with variables put in and secrets masked. */
export function shownAlertmanager(written: Written): ShownAlertmanager {
  const at = (key: 'global' | 'receivers' | 'templates') => {
    const entry = written.kind === 'map' ? written.entries.get(key)?.value : undefined
    return entry === undefined || (entry.kind === 'text' && entry.isNull) ? undefined : plain(entry, [parts[key]], key)
  }
  const global = at('global') as Record<string, unknown> | undefined
  for (const key of UNUSED_GLOBALS) delete global?.[key]
  return {
    global: global === undefined || Object.keys(global).length === 0 ? undefined : global,
    receivers: (at('receivers') ?? []) as Record<string, unknown>[],
    templates: (at('templates') ?? []) as string[],
  }
}

function plain(written: Written, schemas: readonly z.core.$ZodType[], key: string): unknown {
  const shape = shapeOfAll(schemas)
  switch (written.kind) {
    case 'text':
      if (written.isNull) return null
      if (shape.secret || isSecretKey(key)) return masked(key, written.text, written.source)
      if (schemas.some(isFlag)) return isOn(written.text)
      return typedText({ ...written, text: withoutLogin(written.text), splits: false }, shape)
    case 'list':
      return written.items.map((item) => plain(item, shape.items ?? [], key))
    case 'map':
      return Object.fromEntries(
        [...written.entries].map(([inner, { value }]) => {
          const isPath = secretOfFileKey(inner, shape) !== undefined
          return [
            inner,
            isPath && value.kind === 'text'
              ? value.text
              : plain(value, shape.fields?.get(inner) ?? shape.values ?? [], inner),
          ]
        }),
      )
  }
}

/** A switch has to be printed as one: Alertmanager takes no text for it. */
function isFlag(schema: z.core.$ZodType): boolean {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return schema === flag || ('innerType' in def && isFlag(def.innerType))
}

function withoutLogin(text: string): string {
  return text.replace(/(:\/\/[^\s:/@"]*):[^\s"@]+@/g, `$1:${MASK}@`)
}

/** Where Alertmanager wants an address, the mask is one: it refuses others when it reads the file. */
function masked(key: string, text: string, source: string): string {
  const isAddress = key === 'url' || key === 'proxy_url'
  if (!isAddress) return ONLY_REFERENCE.test(source) ? source : MASK
  const origin = URL.canParse(text) ? new URL(text).origin : 'http://localhost'
  return key === 'url' ? `${origin}/${MASK}` : origin
}
