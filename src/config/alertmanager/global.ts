import { z } from 'zod'
import type { Secret } from '../../lib/secret.ts'
import { secretUrl } from '../../notify/channel/fields.ts'
import type { TlsFiles } from '../../notify/channel/tls-files.ts'
import { secret, url } from '../../probe/fields.ts'
import { duration, eachIgnored, eachRefused, flag, text } from './fields.ts'
import { type HttpConfig, httpConfig, tlsConfig } from './http-config.ts'
import { hostPort, type SmartHost } from './smart-host.ts'

/** What receivers take where they do not say it themselves. */
export interface GlobalSettings {
  /** When an alert from outside is over that nobody has sent again. */
  readonly resolveTimeoutMs: number
  readonly http: HttpConfig | undefined
  readonly slackUrl: Secret | undefined
  /** Of an application, which posts in the name of a bot. */
  readonly slackToken: Secret | undefined
  readonly slackAppUrl: string
  readonly pagerdutyUrl: string
  readonly smtp: {
    readonly from: string | undefined
    readonly hello: string
    readonly smartHost: SmartHost | undefined
    readonly username: string | undefined
    readonly password: Secret | undefined
    readonly requireTls: boolean
    readonly implicitTls: boolean | undefined
    readonly tls: TlsFiles | undefined
  }
}

export const RESOLVE_TIMEOUT_MS = 300_000
const SLACK_APP_URL = 'https://slack.com/api/chat.postMessage'
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

/** Of integrations that midwatch does not have: without a receiver that uses them they say nothing. */
export const UNUSED_GLOBALS: readonly string[] = [
  'jira_api_url',
  'mattermost_webhook_url',
  'mattermost_webhook_url_file',
  'opsgenie_api_key',
  'opsgenie_api_key_file',
  'opsgenie_api_url',
  'rocketchat_api_url',
  'rocketchat_token',
  'rocketchat_token_file',
  'rocketchat_token_id',
  'rocketchat_token_id_file',
  'telegram_api_url',
  'telegram_bot_token',
  'telegram_bot_token_file',
  'victorops_api_key',
  'victorops_api_key_file',
  'victorops_api_url',
  'webex_api_url',
  'wechat_api_corp_id',
  'wechat_api_secret',
  'wechat_api_secret_file',
  'wechat_api_url',
]

const CRAM_MD5 = 'is for CRAM-MD5, which midwatch does not speak; write smtp_auth_password'

/** Where an application posts. */
export const slackApp = url(['http:', 'https:'], SLACK_APP_URL, 'the address without them')

/** Refused where it stands, in `global` and in an entry. */
export const slackApi = secretUrl('incoming webhook', 'https://hooks.slack.com/services/…')

export const global = z
  .strictObject({
    resolve_timeout: duration
      .default(RESOLVE_TIMEOUT_MS)
      .describe('When an alert from outside is over that nobody sends again; 5m unless told.'),
    http_config: httpConfig.optional(),
    smtp_from: text.optional(),
    smtp_hello: text.default('localhost'),
    smtp_smarthost: hostPort.optional(),
    smtp_auth_username: text.optional(),
    smtp_auth_password: secret.optional(),
    smtp_require_tls: flag.default(true),
    smtp_force_implicit_tls: flag.optional(),
    smtp_tls_config: tlsConfig.optional(),
    slack_api_url: slackApi.optional(),
    slack_app_token: secret.optional(),
    slack_app_url: slackApp.prefault(SLACK_APP_URL),
    pagerduty_url: url(['http:', 'https:'], PAGERDUTY_URL, 'the address without them').prefault(PAGERDUTY_URL),
    ...eachRefused({
      smtp_auth_secret: `smtp_auth_secret ${CRAM_MD5}`,
      smtp_auth_secret_file: `smtp_auth_secret_file ${CRAM_MD5}`,
    }),
    ...eachIgnored(['smtp_auth_identity', ...UNUSED_GLOBALS]),
  })
  .transform(
    (written): GlobalSettings => ({
      resolveTimeoutMs: written.resolve_timeout,
      http: written.http_config,
      slackUrl: written.slack_api_url,
      slackToken: written.slack_app_token,
      slackAppUrl: written.slack_app_url.href,
      pagerdutyUrl: written.pagerduty_url.href,
      smtp: {
        from: written.smtp_from || undefined,
        hello: written.smtp_hello,
        smartHost: written.smtp_smarthost,
        username: written.smtp_auth_username || undefined,
        password: written.smtp_auth_password,
        requireTls: written.smtp_require_tls,
        implicitTls: written.smtp_force_implicit_tls,
        tls: written.smtp_tls_config,
      },
    }),
  )
