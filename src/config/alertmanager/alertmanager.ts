import { z } from 'zod'
import type { InhibitRule } from '../../notify/inhibition.ts'
import type { RouteSpec } from '../../notify/route.ts'
import type { TimeInterval } from '../../notify/time-interval.ts'
import { refused, text } from './fields.ts'
import { global } from './global.ts'
import { inhibitRule } from './inhibit-rule.ts'
import type { AlertmanagerIntegration } from './integration.ts'
import { receiver } from './receivers.ts'
import { route } from './route.ts'
import { timeInterval } from './time-interval.ts'

/** What stands under `alertmanager:`, ready for use. */
export interface AlertmanagerConfig {
  /** When an alert from outside is over that nobody sends again. */
  readonly resolveTimeoutMs: number
  /** Undefined where only the short form `notify:` says who is told. */
  readonly route: (RouteSpec & { readonly receiver: string }) | undefined
  readonly receivers: readonly AlertmanagerReceiver[]
  /** Undefined where nobody wrote any. */
  readonly inhibitRules: readonly InhibitRule[] | undefined
  readonly timeIntervals: readonly TimeInterval[]
  /** What can be shown and printed again: plain data under Alertmanager's keys, secrets masked. */
  readonly shown: ShownAlertmanager
}

export interface AlertmanagerReceiver {
  readonly name: string
  readonly integrations: readonly AlertmanagerIntegration[]
}

export interface ShownAlertmanager {
  readonly global: Readonly<Record<string, unknown>> | undefined
  readonly receivers: readonly Readonly<Record<string, unknown>>[]
  readonly templates: readonly string[]
}

const OWN_TRACES = 'midwatch sends no traces of its own work; remove it'

/** The parts of the section, each of which is parsed for itself. */
export const parts = {
  global: global.optional(),
  templates: z.array(text, { error: 'is not a list; write paths such as [templates/*.tmpl]' }).optional(),
  route: route.optional(),
  receivers: z.array(receiver, { error: 'is not a list; write a line with "- name: …" for each receiver' }).optional(),
  inhibit_rules: z.array(inhibitRule, { error: 'is not a list; write a line for each rule' }).optional(),
  time_intervals: z.array(timeInterval, { error: 'is not a list; write a line with "- name: …" for each' }).optional(),
  mute_time_intervals: z
    .array(timeInterval, { error: 'is not a list; write a line with "- name: …" for each' })
    .optional(),
  tracing: refused(OWN_TRACES),
  event_recorder: refused('events are in the audit log and in the story of each alert; remove it'),
} as const

/** Alertmanager's own configuration, as its file has it. */
export const alertmanager = z
  .strictObject(parts)
  .optional()
  .describe("Alertmanager's own keys: see [Routes](../how-to/routes.md).")
