import { flattenAttributes } from './attributes.ts'
import { Command } from './command.tsx'
import { Fact } from './fact.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { Span } from './phases.tsx'
import { formatCount, Given, plural } from './text.tsx'
import { formatInstant, formatLatency, formatSpan, TimeOfDay } from './time.tsx'

/** One thing that happened on the journey; texts that say nothing are ''. */
export interface JourneyEntry {
  readonly kind: 'record' | 'span' | 'log'
  readonly atMs: number
  /** The event of a record, the name of a span, the message of a log line. */
  readonly event: string
  readonly actor: string
  readonly action: string
  readonly resource: string
  readonly outcome: string
  /** The level of a log line. */
  readonly level: string
  readonly durationMs: number | undefined
  /** Undefined when they have been erased. */
  readonly attributes: Readonly<Record<string, unknown>> | undefined
}

export interface TraceView {
  readonly traceId: string
  /** In order of time. */
  readonly entries: readonly JourneyEntry[]
  /** How many there are in all, when `entries` is only the first part of them. */
  readonly total: number
  readonly jsonUrl: string
  readonly needsToken: boolean
}

const KINDS: Readonly<Record<JourneyEntry['kind'], string>> = { record: 'audit', span: 'span', log: 'log' }
const BAD = /^(?:fail|error|denied|refused|rejected|timeout|fatal|critical)/i
const GOOD = /^(?:success|ok|done|succeeded|allowed|accepted)/i
/** More than these are folded. */
const ATTRIBUTES_IN_SIGHT = 8
const WIDTH = 200

/** The journey of one trace id, from the first thing known of it to the last. */
export function TracePage({ page, view }: { readonly page: PageContext; readonly view: TraceView }) {
  const { traceId, entries, total } = view
  const first = entries[0]
  return (
    <Layout page={page} title={`Trace ${traceId}`}>
      <h1 class="spaced">
        Trace{' '}
        <code class="trace-id">
          <Given text={traceId} max={200} />
        </code>
      </h1>
      {first === undefined ? (
        <NothingKnown />
      ) : (
        <>
          <Summary entries={entries} total={total} first={first} />
          <ol class="rows journey">
            {entries.map((entry) => (
              <Entry entry={entry} fromMs={first.atMs} lengthMs={endOf(entries) - first.atMs} />
            ))}
          </ol>
          {entries.length < total && (
            <p class="empty">
              The first {formatCount(entries.length)} of {formatCount(total)}; the call below gives more.
            </p>
          )}
        </>
      )}
      <section aria-labelledby="json">
        <h2 id="json">The same as JSON</h2>
        <Command url={view.jsonUrl} needsToken={view.needsToken} />
      </section>
    </Layout>
  )
}

function NothingKnown() {
  return (
    <div class="empty">
      <p>
        <strong>Nothing is known of this id.</strong> It may be
      </p>
      <ul>
        <li>mistyped: a trace id has 32 hexadecimal digits;</li>
        <li>
          older than audit records, spans and log lines are kept (<code>storage.retention</code>);
        </li>
        <li>
          not here yet: applications send records to <code>POST /api/v1/audit</code>, with a <code>traceparent</code>{' '}
          header or a <code>trace_id</code>
          {';'}
        </li>
        <li>the id of a success that sampling left out.</li>
      </ul>
    </div>
  )
}

interface SummaryProps {
  readonly entries: readonly JourneyEntry[]
  readonly total: number
  readonly first: JourneyEntry
}

function Summary({ entries, total, first }: SummaryProps) {
  const failures = entries.filter((entry) => toneOf(entry) === 'bad')
  const worst = failures[0]
  return (
    <>
      <p>
        {plural(total, 'entry', 'entries')} over {formatLatency(endOf(entries) - first.atMs)}, from{' '}
        {formatInstant(first.atMs, 'ms')}.
      </p>
      {worst !== undefined && (
        <p class="trouble unhealthy">
          <strong>
            {failures.length === 1 ? 'One did not go well' : `${failures.length} did not go well, first`}:
          </strong>{' '}
          <Given text={worst.event === '' ? worst.action : worst.event} max={200} />, {offset(worst.atMs - first.atMs)}.
        </p>
      )}
    </>
  )
}

interface EntryProps {
  readonly entry: JourneyEntry
  readonly fromMs: number
  readonly lengthMs: number
}

function Entry({ entry, fromMs, lengthMs }: EntryProps) {
  const { kind, atMs, event, actor, action, resource, outcome, level, durationMs } = entry
  const tone = toneOf(entry)
  const scale = WIDTH / Math.max(1, lengthMs)
  return (
    <li class={`entry tone-${tone}`}>
      <div class="when">
        <span class="offset">{offset(atMs - fromMs)}</span>
        <span class="muted">
          <TimeOfDay atMs={atMs} />
        </span>
      </div>
      <div class="happened">
        <p>
          <span class="tag">{KINDS[kind]}</span>{' '}
          {level !== '' && (
            <span class={`tag ${tone}`}>
              <Given text={level} max={40} />
            </span>
          )}{' '}
          <strong class="event">
            <Given text={event} max={2000} />
          </strong>{' '}
          {outcome !== '' && (
            <span class={`outcome ${tone}`}>
              <span aria-hidden="true">{tone === 'bad' ? '✕ ' : tone === 'good' ? '✓ ' : ''}</span>
              <Given text={outcome} max={60} />
            </span>
          )}
        </p>
        <Who actor={actor} action={action} resource={resource} />
        <Attributes entry={entry} />
      </div>
      <div class="took">
        {durationMs !== undefined && (
          <>
            <span class="visually-hidden">took </span>
            {formatLatency(durationMs)}
          </>
        )}
        <Span x={(atMs - fromMs) * scale} width={(durationMs ?? 0) * scale} of={WIDTH} />
      </div>
    </li>
  )
}

function Who({ actor, action, resource }: Pick<JourneyEntry, 'actor' | 'action' | 'resource'>) {
  const parts = (
    [
      ['actor', actor],
      ['action', action],
      ['resource', resource],
    ] as const
  ).filter(([, text]) => text !== '')
  if (parts.length === 0) return null
  return (
    <dl class="who">
      {parts.map(([name, text]) => (
        <Fact name={name}>
          <Given text={text} max={300} />
        </Fact>
      ))}
    </dl>
  )
}

function Attributes({ entry }: { readonly entry: JourneyEntry }) {
  if (entry.attributes === undefined) return <p class="muted">Its attributes have been erased.</p>
  const flat = flattenAttributes(entry.attributes)
  if (flat.length === 0) return null
  const list = (
    <dl class="attributes">
      {flat.map(([name, text]) => (
        <Fact name={<Given text={name} max={200} />}>
          <Given text={text} max={2000} />
        </Fact>
      ))}
    </dl>
  )
  if (flat.length <= ATTRIBUTES_IN_SIGHT) return list
  return (
    <details open={toneOf(entry) === 'bad'}>
      <summary>{plural(flat.length, 'attribute')}</summary>
      {list}
    </details>
  )
}

function toneOf({ outcome, level }: JourneyEntry): 'good' | 'bad' | 'neutral' {
  if (BAD.test(outcome) || BAD.test(level)) return 'bad'
  return GOOD.test(outcome) ? 'good' : 'neutral'
}

function endOf(entries: readonly JourneyEntry[]): number {
  return entries.reduce((end, { atMs, durationMs }) => Math.max(end, atMs + (durationMs ?? 0)), entries[0]?.atMs ?? 0)
}

/** `+0`, `+182 ms`, `+1.24 s`, `+3 min`. */
function offset(ms: number): string {
  return ms === 0 ? '+0' : ms < 0 ? `-${formatLatency(-ms)}` : `+${ms < 60_000 ? formatLatency(ms) : formatSpan(ms)}`
}
