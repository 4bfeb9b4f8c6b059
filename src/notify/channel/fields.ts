import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import { refuse } from '../../probe/fields.ts'
import { TemplateError } from '../../template/error.ts'
import { TemplateLibrary } from '../template/library.ts'
import type { Words } from './words.ts'

/** Fields that mean the same at every channel. */

/**
 * A web address that nobody may see: whoever has it can post.
 *
 * @param what of which kind it is, for errors: `webhook`
 * @param instead what to write for a user and a password in it
 */
export function secretUrl(what: string, example: string, instead = 'the address without them') {
  return markSecret(
    z.string({ error: `is not a ${what}; write ${example}` }).transform((text, context): Secret => {
      if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
        return refuse(context, `is not a URL; write the ${what}, ${example}`)
      }
      const { username, password } = new URL(text)
      if (username !== '' || password !== '') {
        return refuse(context, `has a user or a password in it; write ${instead}`)
      }
      return new Secret(text)
    }),
  )
}

const PROXY_EXAMPLE = 'http://proxy.example.org:3128'

/** Secret, since a proxy may ask for a password. */
export const proxy = markSecret(
  z
    .string({ error: `is not a proxy; write ${PROXY_EXAMPLE}` })
    .transform((text, context): Secret => {
      if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
        return refuse(context, `is not the URL of an HTTP proxy; write ${PROXY_EXAMPLE}`)
      }
      return new Secret(text)
    })
    .describe(
      'An HTTP proxy to go through, such as `http://proxy.example.org:3128`; none unless told, whatever the environment says.',
    ),
).optional()

/**
 * A text of the operator's, plain or with `{{ … }}` in it as in Alertmanager's templates.
 *
 * @param kind `html` escapes what is put in
 */
export function wording(kind: 'text' | 'html' = 'text') {
  return z.string({ error: 'is not a text; write it in quotes' }).transform((text, context): Words => {
    try {
      return Object.assign(TemplateLibrary.builtIn.read(text, kind), { source: text })
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const instead = 'write a text such as "{{ .Status }}: {{ .CommonLabels.alertname }}"'
      return refuse(context, `can't be read at ${error.line}:${error.column}: ${error.message}; ${instead}`)
    }
  })
}
