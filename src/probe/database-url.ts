import { z } from 'zod'
import { Secret } from '../lib/secret.ts'
import { markSecret } from '../lib/secret-schema.ts'
import { formatHostAndPort, hostAndPort, refuse } from './fields.ts'

/** Where a database is and who we are there. */
export interface DatabaseUrl {
  /** Without the colon: `postgres`, `rediss`. */
  readonly scheme: string
  /** '' when the URL has none (`postgres:///app`). */
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: Secret | undefined
  /** The path without its slash: the database; '' when there is none. */
  readonly database: string
  /** The parameters after `?`. */
  readonly parameters: ReadonlyMap<string, string>
}

interface Dialect {
  readonly schemes: readonly string[]
  readonly defaultPort: number
  readonly example: string
  /** Parameters that mean something; any other is refused, since it would be ignored silently. */
  readonly parameters?: readonly string[]
  /** Whether the host may be left out (a local socket is named by a parameter then). */
  readonly isHostOptional?: boolean
}

/**
 * `scheme://user:password@host:port/database?parameter=value`.
 *
 * A password may stand there as it is: the last `@` ends it, so only `%` and what follows it has to be written as `%25`.
 * No error shows the text, since it may hold a password.
 */
export function databaseUrl({ schemes, defaultPort, example, parameters = [], isHostOptional = false }: Dialect) {
  const target = hostAndPort(example, defaultPort)
  const schema = z
    .string({ error: `is not a database URL; write ${example}` })
    .transform((text, context): DatabaseUrl => {
      const match = /^([a-z][a-z+]*):\/\/(?:(.*)@)?([^@/?]*)(?:\/([^@?]*))?(?:\?([^@]*))?$/s.exec(text)
      const [, scheme = '', credentials, address = '', path = '', query = ''] = match ?? []
      if (!schemes.includes(scheme)) {
        return refuse(
          context,
          `does not begin with ${schemes.map((one) => `${one}://`).join(' or ')}; write ${example}`,
        )
      }
      if (address === '' && !isHostOptional) return refuse(context, `has no host; write ${example}`)
      if (address.includes(',')) return refuse(context, 'names several hosts; write one check for each')
      const parsed = address === '' ? { data: { host: '', port: defaultPort } } : target.safeParse(address)
      if (parsed.data === undefined) return refuse(context, parsed.error?.issues[0]?.message ?? `write ${example}`)
      const given = new Map(new URLSearchParams(query))
      const stray = [...given.keys()].find((name) => !parameters.includes(name))
      if (stray !== undefined) {
        const known = parameters.length === 0 ? 'none is known here' : `known are ${parameters.join(', ')}`
        return refuse(context, `has a parameter ${JSON.stringify(stray)} that means nothing here; ${known}`)
      }
      const [, user, password] = /^([^:]*)(?::(.*))?$/s.exec(credentials ?? '') ?? []
      return {
        scheme,
        host: parsed.data.host,
        port: parsed.data.port,
        user: user === undefined || user === '' ? undefined : unescapePercent(user),
        password: password === undefined ? undefined : new Secret(unescapePercent(password)),
        database: unescapePercent(path),
        parameters: given,
      }
    })
  return markSecret(
    schema.describe(
      '`scheme://user:password@host:port/database`. A password may stand there as it is; only `%` is written `%25`.',
    ),
  )
}

/** The URL without credentials and parameters, with its port. */
export function displayDatabaseUrl({ scheme, host, port, database }: DatabaseUrl): string {
  const address = host === '' ? '' : formatHostAndPort({ host, port })
  return `${scheme}://${address}${database === '' ? '' : `/${database}`}`
}

/** A text with a `%` that is no escape stays as it is: it was put in by somebody who did not know. */
function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
