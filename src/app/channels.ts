import type { AlertmanagerIntegration } from '../config/alertmanager/integration.ts'
import type { Config } from '../config/config.ts'
import { deliveryOf } from '../config/delivery.ts'
import type { Notification } from '../model/notification.ts'
import { type Channel, DeliveryError, type SendContext } from '../notify/channel/channel.ts'
import { type ChannelName, channels } from '../notify/channel/registry.ts'
import { foldNotifications } from '../notify/digest.ts'
import type { ReadyChannel } from '../notify/sender.ts'

/** The channels that the config sets up, by the name that the outbox knows: `slack`, `team-shop/slack[0]`. */
export function channelsOf({ notify, alertmanager }: Config): ReadonlyMap<string, ReadyChannel> {
  const ready = new Map<string, ReadyChannel>()
  for (const [name, settings] of Object.entries(notify.channels)) {
    if (settings === undefined) continue
    const kind = name as ChannelName
    const channel = channelOf(kind)
    ready.set(name, {
      name,
      target: channel.target(settings),
      send: (notification, context) => channel.send(settings, notification, context),
      fold: foldNotifications,
      ...deliveryOf(notify, { id: name, receiver: undefined, kind }),
    })
  }
  for (const { name: receiver, integrations } of alertmanager?.receivers ?? []) {
    for (const integration of integrations) {
      const { id, channel: kind } = integration
      ready.set(id, { ...readyIntegration(integration), ...deliveryOf(notify, { id, receiver, kind }) })
    }
  }
  return ready
}

function readyIntegration(integration: AlertmanagerIntegration): ReadyChannel {
  const { id, settings, timeoutMs } = integration
  const channel = channelOf(integration.channel)
  return {
    name: id,
    target: channel.target(settings),
    fold: foldNotifications,
    async send(notification, context) {
      const signal =
        timeoutMs === undefined ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)])
      await channel.send(settingsFor(integration, notification, context), notification, { ...context, signal })
    },
  }
}

function settingsFor(
  { settings, settingsFor: make }: AlertmanagerIntegration,
  notification: Notification,
  { nowMs }: SendContext,
): unknown {
  try {
    return make?.(notification, nowMs) ?? settings
  } catch (error) {
    if (error instanceof DeliveryError) throw error
    throw new DeliveryError('later', `a template failed: ${(error as Error).message}`, { cause: error })
  }
}

function channelOf(name: ChannelName): Channel<unknown> {
  return channels[name] as Channel<unknown>
}
