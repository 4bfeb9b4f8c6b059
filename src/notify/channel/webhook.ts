import { z } from 'zod'
import { alertmanagerBody } from './alertmanager-body.ts'
import type { Channel } from './channel.ts'
import {
  describeReceiver,
  headersFault,
  hostOf,
  postSigned,
  type Receiver,
  receiverKeys,
  receiverOf,
  receiverUrl,
} from './signed-post.ts'

export interface WebhookConfig extends Receiver {
  /** How many alerts go into a message; 0 or undefined is all of them. */
  readonly maxAlerts?: number
}

const config = z
  .union(
    [
      receiverUrl.transform((url): WebhookConfig => ({ url })),
      z
        .strictObject({
          ...receiverKeys,
          max_alerts: z
            .number()
            .refine((value) => Number.isInteger(value) && value >= 0, {
              error: 'is not a whole number; write 0 for all alerts',
            })
            .default(0)
            .describe('How many alerts a message holds at most; `truncatedAlerts` in it counts the rest. `0` is all.'),
        })
        .superRefine((written, { addIssue }) => {
          const fault = headersFault(written)
          if (fault !== undefined) addIssue({ code: 'custom', message: fault, path: ['headers'], input: undefined })
        })
        .transform((written): WebhookConfig => ({ ...receiverOf(written), maxAlerts: written.max_alerts })),
    ],
    { error: 'is neither a URL nor keys; write https://hooks.example.org/alerts or {url: …, secret: …}' },
  )
  .describe("The address of a program that takes Alertmanager's webhooks, or keys.")

/** Posts to a program of the operator's what Alertmanager posts. */
export const webhook: Channel<WebhookConfig> = {
  config,
  textKey: 'url',
  digest: 'if asked',
  describe: (settings) => ({ ...describeReceiver(settings), max_alerts: settings.maxAlerts ?? 0 }),
  target: hostOf,

  async send(settings, notification, context) {
    const body = alertmanagerBody(notification, settings.maxAlerts ?? 0)
    await postSigned(settings, { body, contentType: 'application/json' }, context)
  },
}
