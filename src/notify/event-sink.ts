import { z } from 'zod'
import type { NewMessage } from '../store/notify.ts'
import {
  describeReceiver,
  headersFault,
  hostOf,
  postSigned,
  type Receiver,
  receiverKeys,
  receiverOf,
  receiverUrl,
} from './channel/signed-post.ts'
import { type CloudEvent, cloudEvent, EVENT_TYPES, type EventType, type StateChange } from './event.ts'
import type { Outlet } from './sender.ts'

/** What stands under `events:`. */
export interface EventSink extends Receiver {
  readonly types: readonly EventType[]
}

/** The name of the sink in the outbox, in `/health` and for `midwatch notify test`. */
export const EVENTS = 'events'

export const eventSink = z
  .union(
    [
      receiverUrl.transform((url): EventSink => ({ url, types: EVENT_TYPES })),
      z
        .strictObject({
          ...receiverKeys,
          types: z
            .array(z.enum(EVENT_TYPES), { error: 'is not a list; write some of [alert.firing, alert.resolved]' })
            .min(1, { error: 'is empty; write some of [alert.firing, alert.resolved]' })
            .default([...EVENT_TYPES])
            .describe('What is told; all of it unless told.'),
        })
        .superRefine((written, { addIssue }) => {
          const fault = headersFault(written)
          if (fault !== undefined) addIssue({ code: 'custom', message: fault, path: ['headers'], input: undefined })
        })
        .transform((written): EventSink => ({ ...receiverOf(written), types: written.types })),
    ],
    { error: 'is neither a URL nor keys; write https://hooks.example.org/events or {url: …, secret: …}' },
  )
  .describe('Where changes of state are posted as CloudEvents: a URL, or keys.')

export function describeEventSink(sink: EventSink): Record<string, unknown> {
  return { ...describeReceiver(sink), types: [...sink.types] }
}

/** What takes events out of the outbox and posts them, each as one JSON document. */
export function eventOutlet(sink: EventSink, source: string): Outlet<CloudEvent> {
  return {
    name: EVENTS,
    target: hostOf(sink),
    // The id of the event is that of the message, over all tries.
    send: (event, context) =>
      postSigned(
        sink,
        { body: JSON.stringify(event), contentType: 'application/cloudevents+json; charset=UTF-8' },
        { ...context, messageId: event.id },
      ),
    sample: (nowMs) => ({
      ...cloudEvent({ type: 'config.reloaded', subject: 'test', atMs: nowMs, data: { test: true } }, source),
      type: 'midwatch.test',
    }),
  }
}

/** The messages by which the sink learns of changes, in their order; none of types that it is not to hear of. */
export function eventMessages(
  changes: readonly StateChange[],
  sink: EventSink,
  { source, nowMs, expiryMs }: { readonly source: string; readonly nowMs: number; readonly expiryMs: number },
): NewMessage[] {
  return changes
    .filter(({ type }) => sink.types.includes(type))
    .map((change) => ({
      channel: EVENTS,
      groupKey: change.subject,
      body: JSON.stringify(cloudEvent(change, source)),
      createdMs: nowMs,
      expiresMs: nowMs + expiryMs,
    }))
}
