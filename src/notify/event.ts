import { createHash } from 'node:crypto'

/** What other systems can be told of when it happens. A new type is a line here. */
export const EVENT_TYPES = [
  'alert.pending',
  'alert.firing',
  'alert.resolved',
  'alert.acknowledged',
  'alert.unacknowledged',
  'silence.created',
  'silence.updated',
  'silence.expired',
  'rule-group.created',
  'rule-group.updated',
  'rule-group.deleted',
  'slo.created',
  'slo.updated',
  'slo.deleted',
  'slo.budget',
  'maintenance.started',
  'maintenance.ended',
  'config.reloaded',
  'config.refused',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** Something that has changed, at one moment. */
export interface StateChange {
  readonly type: EventType
  /** What it happened to: `alert/<fingerprint>`, `silence/<id>`, `slo/<id>`, `maintenance/<name>`, `config`. Those of one subject keep their order. */
  readonly subject: string
  readonly atMs: number
  /** Plain data, without secrets. */
  readonly data: Readonly<Record<string, unknown>>
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * The event that tells of a change. The id is made of what happened, so that telling it twice is seen.
 *
 * @param source where this midwatch is reached
 */
export function cloudEvent({ type, subject, atMs, data }: StateChange, source: string): CloudEvent {
  const hash = createHash('sha256').update(JSON.stringify([source, type, subject, atMs, data]))
  return {
    specversion: '1.0',
    id: `evt_${hash.digest('base64url').slice(0, 27)}`,
    source,
    type: `midwatch.${type}`,
    subject,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  }
}
