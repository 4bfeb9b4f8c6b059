import type { Notification } from '../../model/notification.ts'

/** What a channel says in place of its own words, made for each message. */
export interface Words {
  (notification: Notification, nowMs: number): string
  /** What the operator wrote to get them, to be shown in the effective config. */
  readonly source?: string
}

/**
 * The words that were asked for, or the channel's own where there are none: people are told in any case, so words that
 * can't be made, or that come to nothing, are no reason to say nothing.
 */
export function say(words: Words | undefined, notification: Notification, nowMs: number, own: () => string): string {
  if (words === undefined) return own()
  try {
    const text = words(notification, nowMs)
    return text.trim() === '' ? own() : text
  } catch {
    return own()
  }
}

/** What was written, under the keys of the config; nothing for words that nobody wrote. */
export function sourcesOf(asked: Readonly<Record<string, Words | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asked).flatMap(([key, words]) => (words?.source === undefined ? [] : [[key, words.source]])),
  )
}
