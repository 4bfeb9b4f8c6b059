import { Secret } from '../../lib/secret.ts'
import type { HttpConfig } from './http-config.ts'

/** The value of the header `Authorization`. */
export function authorizationOf({ basicAuth, authorization }: HttpConfig): Secret | undefined {
  if (authorization !== undefined) return new Secret(`${authorization.scheme} ${authorization.credentials.reveal()}`)
  if (basicAuth === undefined) return undefined
  const login = `${basicAuth.username}:${basicAuth.password.reveal()}`
  return new Secret(`Basic ${Buffer.from(login).toString('base64')}`)
}
