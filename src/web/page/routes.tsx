import type { AlertStory } from '../alerts/story.ts'
import { Given, plural } from './text.tsx'
import { formatAgo, formatNear, formatSpan } from './time.tsx'

type Route = AlertStory['routes'][number]

interface RoutesProps {
  readonly routes: readonly Route[]
  /** It does not fire: who would be told if it did. */
  readonly isGone: boolean
  readonly nowMs: number
}

/** Who is told of an alert, and when next: a receiver after the other, by the way that leads to it. */
export function Routes({ routes, isGone, nowMs }: RoutesProps) {
  return (
    <>
      {isGone && <p class="muted hint">It does not fire. If it did, this is who would be told.</p>}
      <ul class="rows routes">
        {routes.map((route) => (
          <li>
            <p>
              <strong class="name">
                <Given text={route.receiver} max={100} />
              </strong>{' '}
              <span class="muted">
                by <Given text={route.path.join(' → ')} max={600} />
              </span>
            </p>
            {route.held !== undefined && (
              <p class="trouble degraded">
                <strong>Held back.</strong> <Given text={route.held.reason} max={600} />
              </p>
            )}
            <Channels route={route} nowMs={nowMs} />
            <p class="muted hint">
              <Together route={route} />
              {route.nextLookMs !== undefined && <>; looked at next {near(route.nextLookMs, nowMs)}</>}
            </p>
          </li>
        ))}
      </ul>
    </>
  )
}

function Channels({ route, nowMs }: { readonly route: Route; readonly nowMs: number }) {
  const { channels, steps } = route
  if (channels.length + steps.length === 0) return <p class="empty">Nobody: this receiver has no channel.</p>
  return (
    <ul class="channels">
      {channels.map(({ channel, toldMs, nextMs, reason }) => (
        <li>
          <strong>
            <Given text={channel} max={100} />
          </strong>
          <span>
            {nextMs === undefined ? 'nothing next' : <>next {near(nextMs, nowMs)}</>}
            {reason !== route.held?.reason && (
              <>
                : <Given text={reason} max={300} />
              </>
            )}
          </span>
          <Told toldMs={toldMs} owed={route.owed.get(channel) ?? []} nowMs={nowMs} />
        </li>
      ))}
      {steps.map(({ afterMs, channels: names, toldMs, dueMs }) => (
        <li>
          <strong>
            <Given text={names.join(', ')} max={200} />
          </strong>
          <span>
            {toldMs !== undefined && `told ${near(toldMs, nowMs)}`}
            {dueMs !== undefined && `next ${near(dueMs, nowMs)}`}
            {toldMs === undefined && dueMs === undefined && 'nothing next'}
          </span>
          <span class="muted">after {formatSpan(afterMs)} without an acknowledgement</span>
        </li>
      ))}
    </ul>
  )
}

interface ToldProps {
  readonly toldMs: number | undefined
  readonly owed: NonNullable<ReturnType<Route['owed']['get']>>
  readonly nowMs: number
}

/** When it was told last; or what has not arrived, and why. */
function Told({ toldMs, owed, nowMs }: ToldProps) {
  const [first] = owed
  if (first === undefined) {
    return <span class="muted">{toldMs === undefined ? 'not told yet' : `last told ${near(toldMs, nowMs)}`}</span>
  }
  const { createdMs, attempts, nextTryMs, lastError } = first
  return (
    <p class="trouble unhealthy">
      <strong>{owed.length === 1 ? 'A message has' : `${owed.length} messages have`} not arrived.</strong> Owed since{' '}
      {near(createdMs, nowMs)}, {plural(attempts, 'attempt')}, next {near(nextTryMs, nowMs)}
      {lastError !== null && (
        <>
          : <Given text={lastError} max={600} />
        </>
      )}
    </p>
  )
}

function Together({ route }: { readonly route: Route }) {
  const { groupLabels, groupWaitMs, groupIntervalMs, repeatIntervalMs } = route
  const text = groupLabels.size === 0 ? 'everything on this route' : `what has ${groupLabels}`
  return (
    <>
      In one message with <Given text={text} max={300} />; first after {formatSpan(groupWaitMs)}, changes after{' '}
      {formatSpan(groupIntervalMs)}, again every {formatSpan(repeatIntervalMs)}
    </>
  )
}

/** `in 4 min, 03:12 UTC` */
function near(atMs: number, nowMs: number): string {
  return `${formatAgo(atMs, nowMs)}, ${formatNear(atMs, nowMs)}`
}
