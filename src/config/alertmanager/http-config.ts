import { resolve } from 'node:path'
import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { proxy } from '../../notify/channel/fields.ts'
import type { TlsFiles } from '../../notify/channel/tls-files.ts'
import { refuse, secret } from '../../probe/fields.ts'
import { eachIgnored, eachRefused, flag, refused, text } from './fields.ts'

/** How a server on the web is reached, and what is sent along to be let in. */
export interface HttpConfig {
  readonly basicAuth: { readonly username: string; readonly password: Secret } | undefined
  /** `scheme` is mostly Bearer. */
  readonly authorization: { readonly scheme: string; readonly credentials: Secret } | undefined
  readonly proxy: Secret | undefined
  /** Paths of files are as they were written: relative to the folder of the config. */
  readonly tls: TlsFiles | undefined
}

const IN_A_FILE = 'write it to a file and name that'

export const tlsConfig = z
  .strictObject({
    ca_file: text.optional().describe('PEM file of authorities to trust, in place of the usual ones.'),
    cert_file: text.optional().describe('PEM file of a client certificate.'),
    key_file: text.optional().describe('PEM file of its key.'),
    server_name: text.optional().describe('The name to find in the certificate, if not the host.'),
    insecure_skip_verify: flag.default(false).describe('Takes any certificate.'),
    ...eachRefused({
      ca: `a certificate can't stand here; ${IN_A_FILE} in ca_file`,
      cert: `a certificate can't stand here; ${IN_A_FILE} in cert_file`,
      key: `a key can't stand here; ${IN_A_FILE} in key_file`,
      ca_ref: 'secrets have no references here; name a file in ca_file',
      cert_ref: 'secrets have no references here; name a file in cert_file',
      key_ref: 'secrets have no references here; name a file in key_file',
    }),
    ...eachIgnored(['min_version', 'max_version']),
  })
  .transform((written, context): TlsFiles => {
    if ((written.cert_file === undefined) !== (written.key_file === undefined)) {
      return refuse(context, 'has only one of cert_file and key_file; a client certificate needs both')
    }
    return {
      caFile: written.ca_file,
      certFile: written.cert_file,
      keyFile: written.key_file,
      serverName: written.server_name,
      insecureSkipVerify: written.insecure_skip_verify,
    }
  })

const basicAuth = z
  .strictObject({
    username: text.optional().describe('The user.'),
    password: secret.optional(),
    ...eachRefused({
      username_file: 'a user is no secret; write its name in username',
      username_ref: 'secrets have no references here; write username',
      password_ref: 'secrets have no references here; name a file in password_file',
    }),
  })
  .transform(
    (written): NonNullable<HttpConfig['basicAuth']> => ({
      username: written.username ?? '',
      password: written.password ?? new Secret(''),
    }),
  )

const authorization = z
  .strictObject({
    type: text
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is not a scheme of authorization; write Bearer' })
      .default('Bearer')
      .describe('The scheme; `Bearer` unless told.'),
    credentials: secret.optional(),
    ...eachRefused({ credentials_ref: 'secrets have no references here; name a file in credentials_file' }),
  })
  .transform((written, context): NonNullable<HttpConfig['authorization']> => {
    if (written.type.toLowerCase() === 'basic') {
      return refuse(context, 'type is Basic; write basic_auth: {username: …, password: …}')
    }
    if (written.credentials === undefined)
      return refuse(context, 'has no credentials; write credentials or credentials_file')
    return { scheme: written.type, credentials: written.credentials }
  })

/** The keys of `http_config`, for a schema that has more. */
export const httpKeys = {
  basic_auth: basicAuth.optional(),
  authorization: authorization.optional(),
  bearer_token: secret.optional(),
  proxy_url: proxy,
  tls_config: tlsConfig.optional(),
  ...eachRefused({
    oauth2: 'midwatch fetches no OAuth tokens; write authorization with a token that lasts',
    http_headers:
      'further headers go with webhooks of notify.webhook only; write headers there and route to the receiver webhook',
    no_proxy: 'a proxy is used for this integration or it is not; leave proxy_url out where it is not',
    proxy_connect_header: 'nothing but a login is sent to a proxy; write it into proxy_url',
  }),
  proxy_from_environment: refused(`the environment's proxy is not looked at; write proxy_url: \${HTTPS_PROXY}`),
  ...eachIgnored(['follow_redirects', 'enable_http2']),
}

type HttpKeys = Pick<
  z.output<z.ZodObject<typeof httpKeys>>,
  'basic_auth' | 'authorization' | 'bearer_token' | 'proxy_url' | 'tls_config'
>

/** What the keys come to. */
export function readHttp(written: HttpKeys, context: z.RefinementCtx): HttpConfig {
  const { basic_auth: basic, authorization: own, bearer_token: token, proxy_url, tls_config } = written
  if ([basic, own, token].filter((way) => way !== undefined).length > 1) {
    return refuse(context, 'has more than one of basic_auth, authorization and bearer_token; write one of them')
  }
  return {
    basicAuth: basic,
    authorization: own ?? (token === undefined ? undefined : { scheme: 'Bearer', credentials: token }),
    proxy: proxy_url,
    tls: tls_config,
  }
}

/** What several integrations have: `http_config`. */
export const httpConfig = z.strictObject(httpKeys).transform(readHttp)

/** The same with paths that start at the folder of the config. */
export function tlsBeside(files: TlsFiles | undefined, folder: string): TlsFiles | undefined {
  if (files === undefined) return undefined
  const beside = (file: string | undefined) => (file === undefined ? undefined : resolve(folder, file))
  const { caFile, certFile, keyFile } = files
  return { ...files, caFile: beside(caFile), certFile: beside(certFile), keyFile: beside(keyFile) }
}
