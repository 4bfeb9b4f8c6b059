import type { Labels } from '../model/labels.ts'
import type { Integration } from './routing.ts'

interface Labelled {
  readonly labels: Labels
}

/**
 * Who tells of a group of alerts: the integrations of its receiver, except where all of the group is about channels of
 * midwatch's own. Then those that the alerts are about are left out, as nobody would hear of it through them: the receiver's
 * others tell, else those that stand in for its own, else all others that there are.
 *
 * @param receivers every receiver that there is
 */
export function tellersOf(
  alerts: readonly Labelled[],
  own: readonly Integration[],
  receivers: ReadonlyMap<string, readonly Integration[]>,
): readonly Integration[] {
  const about = new Set(alerts.map(channelAbout))
  if (about.has('')) return own
  const isFine = ({ channel }: Integration) => !about.has(channel)
  const others = own.filter(isFine)
  if (others.length > 0) return others
  const all = [...new Map([...receivers.values()].flat().map((one) => [one.channel, one])).values()]
  const fallbacks = new Set(own.map(({ fallback }) => fallback))
  const standIns = all.filter((one) => fallbacks.has(one.channel) && isFine(one))
  if (standIns.length > 0) return standIns
  const rest = all.filter(isFine)
  return rest.length > 0 ? rest : own
}

/** The channel whose own state an alert is about, as the labels of midwatch's metrics say; '' for any other alert. */
function channelAbout({ labels }: Labelled): string {
  return labels.get('job') === 'midwatch' ? labels.get('channel') : ''
}
