import type { Condition } from '../../model/measure.ts'
import { AckFields, type AcknowledgedView, acknowledgedText } from './acknowledge.tsx'
import { LabelList } from './labels.tsx'
import type { PageContext } from './layout.tsx'
import { alertPath, checkPath, GivenLink } from './link.tsx'
import { Severity } from './status.tsx'
import { clipPlain, formatValue, Given } from './text.tsx'
import { Since } from './time.tsx'

/** An alert as pages show it. */
export interface AlertView {
  readonly fingerprint: string
  readonly name: string
  readonly state: 'pending' | 'firing'
  /** As the rule says: `critical`, `high`, `medium`, `low`, or any word; undefined when it says none. */
  readonly severity: string | undefined
  /** Since when it is pending or firing, epoch milliseconds. */
  readonly sinceMs: number
  /** The annotations `summary` and `description`; '' when the rule has none. */
  readonly summary: string
  readonly description: string
  /** Undefined where it was posted without one. */
  readonly value: number | undefined
  /** What the value is held against, where that is known. */
  readonly condition?: Condition | undefined
  /** Without `alertname` and `severity`, which stand by themselves. */
  readonly labels: Readonly<Record<string, string>>
  readonly runbookUrl: string | undefined
  /** The check it is about, when there is a page of it. */
  readonly checkName: string | undefined
  /** What changes how it is told: `silenced until …`, `frozen: its check is unknown`. */
  readonly notes: readonly string[]
  readonly acknowledged: AcknowledgedView | undefined
}

const SEVERITY_ORDER: readonly string[] = ['critical', 'high', 'medium', 'low']

/** The worst first, then the newest; pending ones apart at the end. */
export function AlertLists({ alerts, page }: { readonly alerts: readonly AlertView[]; readonly page: PageContext }) {
  const sorted = alerts.toSorted((a, b) => rank(a) - rank(b) || b.sinceMs - a.sinceMs || (a.name < b.name ? -1 : 1))
  const firing = sorted.filter(({ state }) => state === 'firing')
  const pending = sorted.filter(({ state }) => state === 'pending')
  return (
    <>
      {firing.length > 0 && <AlertList alerts={firing} page={page} />}
      {pending.length > 0 && (
        <>
          <h3>
            Pending <span class="count">{pending.length}</span>
          </h3>
          <p class="muted hint">The condition is met, but not yet for as long as the rule wants. Nobody is told.</p>
          <AlertList alerts={pending} page={page} />
        </>
      )}
    </>
  )
}

function rank({ severity }: AlertView): number {
  const index = SEVERITY_ORDER.indexOf(severity ?? '')
  return index === -1 ? SEVERITY_ORDER.length : index
}

function AlertList({ alerts, page }: { readonly alerts: readonly AlertView[]; readonly page: PageContext }) {
  return (
    <ul class="rows alerts">
      {alerts.map((alert) => (
        <AlertRow alert={alert} page={page} />
      ))}
    </ul>
  )
}

function AlertRow({ alert, page }: { readonly alert: AlertView; readonly page: PageContext }) {
  const { nowMs } = page
  const {
    name,
    state,
    severity,
    sinceMs,
    summary,
    description,
    value,
    condition,
    labels,
    runbookUrl,
    checkName,
    notes,
    acknowledged,
  } = alert
  return (
    <li class={`alert ${state}`}>
      <div class="alert-head">
        <Severity severity={severity} />
        <strong class="name">
          <a href={alertPath(alert.fingerprint)}>
            <Given text={name} max={200} />
          </a>
        </strong>
        {[...(acknowledged === undefined ? [] : [acknowledgedText(acknowledged, nowMs)]), ...notes].map((note) => (
          <span class="tag">
            <Given text={note} max={200} />
          </span>
        ))}
        <span class="since">
          {state} <Since atMs={sinceMs} nowMs={nowMs} />
        </span>
      </div>
      {summary !== '' && (
        <p class="summary">
          <Given text={summary} max={500} />
        </p>
      )}
      {description !== '' && (
        <p class="muted">
          <Given text={description} max={1000} />
        </p>
      )}
      <div class="alert-foot">
        {value !== undefined && (
          <span>
            <span class="muted">value</span> <strong>{formatValue(value)}</strong>
            {condition !== undefined && condition.op !== '==' && (
              <span class="muted">
                {' '}
                ({condition.op} {formatValue(condition.bound)})
              </span>
            )}
          </span>
        )}
        {runbookUrl !== undefined && runbookUrl !== '' && (
          <span>
            <GivenLink href={runbookUrl}>
              Runbook<span class="visually-hidden"> of {clipPlain(name, 100)}</span>
            </GivenLink>
          </span>
        )}
        {checkName !== undefined && (
          <span>
            check{' '}
            <a href={checkPath(checkName)}>
              <Given text={checkName} max={100} />
            </a>
          </span>
        )}
        <LabelList labels={labels} />
      </div>
      <TakeOn alert={alert} page={page} />
    </li>
  )
}

/** For who may: takes the alert on, or gives it back. */
export function TakeOn({
  alert: { fingerprint, acknowledged, name, state },
  page: { actor, path },
}: {
  readonly alert: Pick<AlertView, 'fingerprint' | 'acknowledged' | 'name' | 'state'>
  readonly page: PageContext
}) {
  if (state !== 'firing' || actor === undefined) return null
  const about = <span class="visually-hidden"> {clipPlain(name, 100)}</span>
  return acknowledged === undefined ? (
    <details class="take-on">
      <summary>Acknowledge{about}</summary>
      <form class="take-on-form" method="post" action={`${alertPath(fingerprint)}/ack`}>
        <input type="hidden" name="next" value={path} />
        <AckFields by={actor} />
      </form>
    </details>
  ) : (
    <form class="take-on" method="post" action={`${alertPath(fingerprint)}/unack`}>
      <input type="hidden" name="next" value={path} />
      <button type="submit">Give it back{about}</button>
    </form>
  )
}
