import type { Config } from '../config/config.ts'
import type { Channel } from '../notify/channel/channel.ts'
import { channels } from '../notify/channel/registry.ts'
import type { ReadyChannel } from '../notify/sender.ts'

/** The channels that the config sets up, by name. */
export function channelsOf({ notify }: Config): ReadonlyMap<string, ReadyChannel> {
  const ready = new Map<string, ReadyChannel>()
  for (const [name, settings] of Object.entries(notify.channels)) {
    if (settings === undefined) continue
    const channel = channels[name as keyof typeof channels] as Channel<unknown>
    ready.set(name, {
      name,
      target: channel.target(settings),
      send: (notification, context) => channel.send(settings, notification, context),
    })
  }
  return ready
}
