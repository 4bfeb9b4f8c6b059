import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { DeliveryError } from '../../notify/channel/channel.ts'
import type { SlackConfig } from '../../notify/channel/slack.ts'
import type { SlackAttachment } from '../../notify/channel/slack-attachment.ts'
import type { Words } from '../../notify/channel/words.ts'
import { secret } from '../../probe/fields.ts'
import { authorizationOf } from './authorization.ts'
import { duration, eachIgnored, eachRefused, flag, text } from './fields.ts'
import { slackApi, slackApp } from './global.ts'
import { httpConfig } from './http-config.ts'
import { defineIntegration, type EntryContext, entryKeys, isTemplate } from './integration.ts'

const field = z.strictObject({
  title: text.min(1, { error: 'is empty; write a title' }),
  value: text.min(1, { error: 'is empty; write a value' }),
  short: flag.optional(),
})

const ACTIONS = 'buttons need a program that answers them; write links into the text'
const ONE_MESSAGE = 'midwatch posts a message of its own each time; remove it'

/** Texts that become parts of an attachment, as Slack's older messages have them. */
const ATTACHMENT_TEXTS = {
  title_link: text.optional(),
  pretext: text.optional(),
  footer: text.optional(),
  fallback: text.optional(),
  callback_id: text.optional(),
  image_url: text.optional(),
  thumb_url: text.optional(),
}

const schema = z.strictObject({
  ...entryKeys,
  api_url: slackApi.optional(),
  app_token: secret.optional(),
  app_url: slackApp.optional(),
  channel: text.optional().describe('Where to post, such as `"#alerts"`.'),
  username: text.optional(),
  icon_emoji: text.optional(),
  icon_url: text.optional(),
  color: text.optional(),
  title: text.optional().describe("One line; midwatch's own unless told."),
  text: text.optional().describe("midwatch's own unless told."),
  ...ATTACHMENT_TEXTS,
  fields: z.array(field).optional(),
  short_fields: flag.default(false),
  mrkdwn_in: z.array(text).optional(),
  link_names: flag.default(false),
  http_config: httpConfig.optional(),
  timeout: duration.optional(),
  ...eachRefused({
    actions: ACTIONS,
    edit_messages: ONE_MESSAGE,
    update_message: ONE_MESSAGE,
  }),
  ...eachIgnored(['message_text']),
})

type Entry = z.output<typeof schema>

/** `slack_configs` */
export const slackConfigs = defineIntegration({
  key: 'slack_configs',
  channel: 'slack',
  schema,
  sendResolved: false,
  read(entry, context) {
    const http = context.http(entry.http_config)
    const way = wayOf(entry, context)
    if (way === undefined) return undefined
    const words = (key: keyof Entry & string) => context.words([key], entry[key] as string | undefined)
    const channel = words('channel')
    const settings: SlackConfig = {
      url: way.url,
      channel: entry.channel || undefined,
      proxy: http.proxy,
      tls: http.tls,
      authorization: way.authorization ?? authorizationOf(http),
      title: words('title'),
      text: words('text'),
      color: words('color'),
      username: words('username'),
      iconEmoji: words('icon_emoji'),
      iconUrl: words('icon_url'),
      linkNames: entry.link_names,
      attachment: attachmentOf(entry, context),
    }
    if (channel === undefined || !isTemplate(entry.channel ?? '')) return { settings, timeoutMs: entry.timeout }
    return {
      settings,
      settingsFor: (notification, nowMs) => ({ ...settings, channel: said(channel(notification, nowMs), 'channel') }),
      timeoutMs: entry.timeout,
    }
  },
})

/** An incoming webhook, or an application with its token; what the entry says counts more than what is global. */
function wayOf(entry: Entry, { global, fault }: EntryContext): Pick<SlackConfig, 'url' | 'authorization'> | undefined {
  if (entry.api_url !== undefined && entry.app_token !== undefined) {
    fault(['app_token'], 'stands beside api_url, and only one of them can count; remove one')
    return undefined
  }
  const token = entry.app_token ?? (entry.api_url === undefined ? global.slackToken : undefined)
  if (token !== undefined) {
    if (entry.channel === undefined)
      fault([], 'has no channel, which an application has to name; write one such as "#alerts"')
    const url = new Secret(entry.app_url?.href ?? global.slackAppUrl)
    return { url, authorization: new Secret(`Bearer ${token.reveal()}`) }
  }
  const url = entry.api_url ?? global.slackUrl
  if (url !== undefined) return { url }
  fault([], 'has no api_url, and there is no global slack_api_url; write one of them')
  return undefined
}

function said(text: string, key: string): string {
  if (text.trim() !== '') return text.trim()
  throw new DeliveryError('later', `the template in ${key} comes to nothing for this message`)
}

/** Who writes one of these has made a message of the older kind, all of whose parts then are as in Alertmanager. */
function attachmentOf(entry: Entry, context: EntryContext): SlackAttachment | undefined {
  const keys = Object.keys(ATTACHMENT_TEXTS) as (keyof typeof ATTACHMENT_TEXTS)[]
  const isAsked =
    keys.some((key) => entry[key] !== undefined) || entry.fields !== undefined || entry.mrkdwn_in !== undefined
  if (!isAsked) return undefined
  const part = (key: keyof Entry & string, fallback: string): Words | undefined =>
    context.words([key], (entry[key] as string | undefined) ?? fallback)
  return {
    title: part('title', '{{ template "slack.default.title" . }}'),
    titleLink: part('title_link', '{{ template "slack.default.titlelink" . }}'),
    text: part('text', '{{ template "slack.default.text" . }}'),
    pretext: part('pretext', '{{ template "slack.default.pretext" . }}'),
    fallback: part('fallback', '{{ template "slack.default.fallback" . }}'),
    footer: part('footer', '{{ template "slack.default.footer" . }}'),
    callbackId: part('callback_id', '{{ template "slack.default.callbackid" . }}'),
    color: part('color', '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'),
    imageUrl: context.words(['image_url'], entry.image_url),
    thumbUrl: context.words(['thumb_url'], entry.thumb_url),
    markdownIn: entry.mrkdwn_in ?? ['fallback', 'pretext', 'text'],
    fields: (entry.fields ?? []).map((one, i) => ({
      title: context.words(['fields', i, 'title'], one.title),
      value: context.words(['fields', i, 'value'], one.value),
      short: one.short ?? entry.short_fields,
    })),
  }
}
