import type { StoredEvent } from '../../store/alert-events.ts'
import { alertPath, checkPath } from './link.tsx'
import { formatCount, Given } from './text.tsx'
import { formatInstant, formatNear, TimeOfDay } from './time.tsx'

/** More are shown when somebody asks for them. */
const IN_SIGHT = 60

interface EventListProps {
  /** Oldest first. */
  readonly events: readonly StoredEvent[]
  readonly all: boolean
  /** Where the page is that shows them. */
  readonly path: string
  readonly nowMs: number
}

/** What happened, the newest first, day by day. */
export function EventList({ events, all, path, nowMs }: EventListProps) {
  if (events.length === 0) return <p class="empty">Nothing that is kept.</p>
  const shown = events.toReversed().slice(0, all ? undefined : IN_SIGHT)
  const days = [...Map.groupBy(shown, ({ atMs }) => formatInstant(atMs).slice(0, 10))]
  return (
    <>
      {days.map(([day, some]) => (
        <>
          <h3>{day}</h3>
          <ol class="rows story">
            {some.map((event) => (
              <li class={toneOf(event.kind)}>
                <TimeOfDay atMs={event.atMs} precision="s" />
                <span class="kind">
                  <Given text={event.kind} max={40} />
                </span>
                <span class="message">
                  <Given text={event.detail} max={1000} />
                  {event.times > 1 && (
                    <span class="muted">
                      {' '}
                      ({formatCount(event.times)} times until {formatNear(event.lastMs, nowMs)})
                    </span>
                  )}
                  <Subject subject={event.subject} />
                </span>
              </li>
            ))}
          </ol>
        </>
      ))}
      {shown.length < events.length && (
        <p>
          <a href={`${path}?events=all#happened`}>Show all {formatCount(events.length)}</a>
        </p>
      )}
    </>
  )
}

/** What an event is about, where there is a page of it. */
function Subject({ subject }: { readonly subject: string }) {
  const [kind, ...rest] = subject.split('/')
  const name = rest.join('/')
  if (kind === 'alert') {
    return (
      <>
        {' '}
        <a href={alertPath(name)}>Its story</a>
      </>
    )
  }
  if (kind === 'check') {
    return (
      <>
        {' '}
        <a href={checkPath(name)}>Its state</a>
      </>
    )
  }
  return null
}

const TONES: Readonly<Record<string, string>> = {
  firing: 'tone-bad',
  received: 'tone-bad',
  escalated: 'tone-bad',
  'attempt-failed': 'tone-bad',
  expired: 'tone-bad',
  resolved: 'tone-good',
  delivered: 'tone-good',
}

/** What is not known here looks like the others. */
function toneOf(kind: string): string {
  return Object.hasOwn(TONES, kind) ? (TONES[kind] as string) : 'tone-plain'
}
