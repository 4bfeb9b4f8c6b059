import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { headers, secret } from '../../probe/fields.ts'
import { HARMLESS_HEADER, headerMap } from '../../probe/http-request.ts'
import type { SendContext } from './channel.ts'
import { proxy, secretUrl } from './fields.ts'
import { partsOf, post } from './http.ts'
import { signingSecret, standardHeaders } from './signature.ts'
import type { TlsFiles } from './tls-files.ts'

/** A program of the operator's that takes messages over HTTP, and how it knows that they come from us. */
export interface Receiver {
  readonly url: Secret
  readonly signingSecret?: Secret | undefined
  /** By any spelling of the name; whatever may let us in is a secret. */
  readonly headers?: Readonly<Record<string, string | Secret>> | undefined
  readonly bearerToken?: Secret | undefined
  readonly basicAuth?: { readonly username: string; readonly password: Secret } | undefined
  readonly proxy?: Secret | undefined
  readonly tls?: TlsFiles | undefined
}

export const receiverUrl = secretUrl(
  'webhook',
  'https://hooks.example.org/alerts',
  'basic_auth: {username: …, password: …}',
)

/** The keys of a receiver, for a schema that may have more. */
export const receiverKeys = {
  url: receiverUrl,
  secret: signingSecret.optional(),
  headers: headers.optional().describe('Headers to send along.'),
  bearer_token: secret.optional().describe('A token for `Authorization: Bearer`.'),
  basic_auth: z
    .strictObject({ username: z.string().describe('The user.'), password: secret })
    .optional()
    .describe('User and password for HTTP Basic authentication.'),
  proxy,
}

type ReceiverKeys = z.output<z.ZodObject<typeof receiverKeys>>

/** What midwatch says itself about a message. */
const OWN_HEADERS = /^(?:content-(?:type|length|encoding)|transfer-encoding|connection|host|webhook-.*)$/

/** What is wrong with the headers of a receiver; undefined when nothing is. */
export function headersFault({ headers: sent, basic_auth, bearer_token }: ReceiverKeys): string | undefined {
  const names = headerMap(sent)
  const own = [...names.keys()].find((name) => OWN_HEADERS.test(name))
  if (own !== undefined) return `${own} is a header that midwatch sets itself; remove it`
  const ways = [basic_auth, bearer_token, names.get('authorization')].filter((way) => way !== undefined)
  if (ways.length <= 1) return undefined
  return 'there is more than one Authorization; write one of basic_auth, bearer_token and the header'
}

export function receiverOf(written: ReceiverKeys): Receiver {
  return {
    url: written.url,
    signingSecret: written.secret,
    headers: written.headers === undefined ? undefined : withSecrets(written.headers),
    bearerToken: written.bearer_token,
    basicAuth: written.basic_auth,
    proxy: written.proxy,
  }
}

function withSecrets(sent: Readonly<Record<string, string>>): Record<string, string | Secret> {
  const guarded = ([name, value]: [string, string]) =>
    [name, HARMLESS_HEADER.test(name.toLowerCase()) ? value : new Secret(value)] as const
  return Object.fromEntries(Object.entries(sent).map(guarded))
}

/** Under the keys of the config, secrets masked. */
export function describeReceiver(receiver: Receiver): Record<string, unknown> {
  const { url, signingSecret: key, headers: sent, bearerToken, basicAuth, proxy: way } = receiver
  return {
    url: String(url),
    ...given('secret', key),
    ...(sent === undefined
      ? {}
      : { headers: Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, String(value)])) }),
    ...given('bearer_token', bearerToken),
    ...(basicAuth === undefined
      ? {}
      : { basic_auth: { username: basicAuth.username, password: String(basicAuth.password) } }),
    ...given('proxy', way),
  }
}

function given(key: string, value: Secret | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: String(value) }
}

/** Where it goes, for people: the address may be a secret, its host is none. */
export function hostOf({ url }: Receiver): string {
  return new URL(url.reveal()).host
}

/**
 * Posts with everything by which the other side knows who sent it and whether it has had it already.
 *
 * @throws DeliveryError
 */
export async function postSigned(
  receiver: Receiver,
  message: { readonly body: string; readonly contentType: string },
  context: SendContext,
): Promise<void> {
  const { signingSecret: key, bearerToken, basicAuth } = receiver
  const { body, contentType } = message
  const url = new URL(receiver.url.reveal())
  const own = Object.entries(receiver.headers ?? {})
  const secrets = [key, bearerToken, basicAuth?.password, ...own.map(([, value]) => value)]
  await post(
    {
      who: url.host,
      url,
      body,
      headers: {
        ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), textOf(value)])),
        ...authorization(receiver),
        'content-type': contentType,
        ...standardHeaders(key, { ...context, body }),
      },
      proxy: receiver.proxy,
      tls: receiver.tls,
      secrets: [...secrets.flatMap((one) => (one instanceof Secret ? one.reveal() : [])), ...partsOf(url)],
    },
    context,
  )
}

function textOf(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}

function authorization({ bearerToken, basicAuth }: Receiver): Record<string, string> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken.reveal()}` }
  if (basicAuth === undefined) return {}
  const login = `${basicAuth.username}:${basicAuth.password.reveal()}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}
