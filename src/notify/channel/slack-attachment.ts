import type { Notification } from '../../model/notification.ts'
import type { Words } from './words.ts'

/** A message of Slack's older kind, as Alertmanager sends it; all of it is made by the operator. */
export interface SlackAttachment {
  readonly title: Words | undefined
  readonly titleLink: Words | undefined
  readonly text: Words | undefined
  readonly pretext: Words | undefined
  readonly fallback: Words | undefined
  readonly footer: Words | undefined
  readonly callbackId: Words | undefined
  readonly color: Words | undefined
  readonly imageUrl: Words | undefined
  readonly thumbUrl: Words | undefined
  /** Which of its parts are in Slack's markup. */
  readonly markdownIn: readonly string[]
  readonly fields: readonly SlackAttachmentField[]
}

interface SlackAttachmentField {
  readonly title: Words | undefined
  readonly value: Words | undefined
  readonly short: boolean
}

/** Slack cuts what is longer, and Alertmanager does. */
const MAX_TITLE = 1024

/**
 * The attachment for one message. Parts that can't be made say so, rather than that nobody is told.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text/#attachments
 */
export function attachmentOf(attachment: SlackAttachment, notification: Notification, nowMs: number) {
  const told = (words: Words | undefined): string => {
    try {
      return words?.(notification, nowMs) ?? ''
    } catch (error) {
      return `(this part could not be made: ${(error as Error).message})`
    }
  }
  const { imageUrl, thumbUrl, fields } = attachment
  const named = (key: string, text: string) => (text === '' ? {} : { [key]: text })
  return {
    title: cut(told(attachment.title), MAX_TITLE),
    title_link: told(attachment.titleLink),
    pretext: told(attachment.pretext),
    text: told(attachment.text),
    fallback: told(attachment.fallback),
    callback_id: told(attachment.callbackId),
    ...(fields.length === 0
      ? {}
      : {
          // Slack takes a field without a value, which its own types do not know.
          fields: fields.map(({ title, value, short }) => ({
            title: told(title),
            ...(named('value', told(value)) as { value: string }),
            short,
          })),
        }),
    ...named('image_url', told(imageUrl)),
    ...named('thumb_url', told(thumbUrl)),
    footer: told(attachment.footer),
    ...named('color', told(attachment.color)),
    // Alertmanager names `fallback` as well, which is no part that could have markup.
    mrkdwn_in: [...attachment.markdownIn] as ('pretext' | 'text' | 'fields')[],
  }
}

function cut(text: string, limit: number): string {
  const signs = [...text]
  return signs.length <= limit ? text : `${signs.slice(0, limit - 1).join('')}…`
}
