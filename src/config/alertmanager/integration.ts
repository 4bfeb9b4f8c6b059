import type { z } from 'zod'
import type { Notification } from '../../model/notification.ts'
import type { ChannelConfig, ChannelName } from '../../notify/channel/registry.ts'
import type { TlsFiles } from '../../notify/channel/tls-files.ts'
import type { Words } from '../../notify/channel/words.ts'
import { flag } from './fields.ts'
import type { GlobalSettings } from './global.ts'
import type { HttpConfig } from './http-config.ts'

/** One way of a receiver to tell: an entry of `slack_configs`, say. */
export interface AlertmanagerIntegration {
  /** Names it in the outbox, and for people: `team-shop/slack[0]`. */
  readonly id: string
  readonly channel: ChannelName
  readonly sendResolved: boolean
  /** How long a try may take; undefined is as long as for every channel. */
  readonly timeoutMs: number | undefined
  /** What the channel takes. */
  readonly settings: unknown
  /** The settings for one message, where templates make parts of them anew each time; throws where they can't. */
  readonly settingsFor?: (notification: Notification, nowMs: number) => unknown
}

/** What an integration makes of an entry. */
export interface Made<Name extends ChannelName> {
  readonly settings: ChannelConfig<Name>
  readonly settingsFor?: (notification: Notification, nowMs: number) => ChannelConfig<Name>
  readonly timeoutMs?: number | undefined
}

type Path = readonly PropertyKey[]

/** What an integration may ask for while an entry is read. */
export interface EntryContext {
  readonly global: GlobalSettings
  /** Adds a problem; `path` is inside of the entry. */
  fault(path: Path, message: string): void
  /** What a template says; undefined where there is none, or where it is broken, which is a problem then. */
  words(path: Path, template: string | undefined, kind?: 'text' | 'html'): Words | undefined
  /** `http_config` of the entry, or else the global one, its files beside the config. */
  http(own: HttpConfig | undefined): HttpConfig
  tls(files: TlsFiles | undefined): TlsFiles | undefined
}

/** A kind of integration: its key, its schema and the channel that does it. */
export interface IntegrationDefinition {
  /** `slack_configs` */
  readonly key: string
  readonly channel: ChannelName
  readonly schema: z.ZodType
  /** Alertmanager's default. */
  readonly sendResolved: boolean
  /** @returns undefined when something is wrong, which is a problem already */
  read(entry: unknown, context: EntryContext): Made<ChannelName> | undefined
}

export function defineIntegration<Name extends ChannelName, Schema extends z.ZodType>(definition: {
  readonly key: string
  readonly channel: Name
  readonly schema: Schema
  readonly sendResolved: boolean
  read(entry: z.output<Schema>, context: EntryContext): Made<Name> | undefined
}): IntegrationDefinition {
  return definition as unknown as IntegrationDefinition
}

/** What every entry has. */
export const entryKeys = {
  send_resolved: flag.optional().describe('Whether it is told when an alert is over.'),
}

/** Whether a text is made anew for each message. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}
