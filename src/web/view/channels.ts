import { channelBacklogs, channelStates } from '../../store/outbox.ts'
import type { WebContext } from '../context.ts'

/** How a channel is doing, under the names of our API. */
export interface ChannelReport {
  /** `untried` has neither taken nor refused anything yet. */
  readonly state: 'working' | 'failing' | 'untried'
  readonly last_success: string | null
  readonly last_failure: string | null
  readonly last_error: string | null
  readonly failing_since: string | null
  /** Messages that it owes. */
  readonly waiting: number
  /** When the oldest of them was owed. */
  readonly waiting_since: string | null
}

/** Every channel that is set up, in the order of the config. */
export function channelReports({
  channelNames,
  store,
}: Pick<WebContext, 'channelNames' | 'store'>): readonly (readonly [name: string, report: ChannelReport])[] {
  const states = new Map(channelStates(store.reader).map((state) => [state.channel, state]))
  const backlogs = new Map(channelBacklogs(store.reader).map((backlog) => [backlog.channel, backlog]))
  return channelNames().map((name) => {
    const state = states.get(name)
    const backlog = backlogs.get(name)
    return [
      name,
      {
        state: state === undefined ? 'untried' : state.failingSinceMs === undefined ? 'working' : 'failing',
        last_success: time(state?.lastSuccessMs),
        last_failure: time(state?.lastFailureMs),
        last_error: state?.lastError ?? null,
        failing_since: time(state?.failingSinceMs),
        waiting: backlog?.pending ?? 0,
        waiting_since: time(backlog?.oldestMs),
      },
    ]
  })
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
