import type { Acknowledgement } from '../../model/acknowledgement.ts'
import { Layout, type PageContext } from './layout.tsx'
import { Severity } from './status.tsx'
import { Given, plural } from './text.tsx'
import { formatNear, Since } from './time.tsx'

/** Who has taken an alert on. */
export interface AcknowledgedView {
  readonly by: string
  /** '' where none was given. */
  readonly reason: string
  readonly untilMs: number
}

/** An alert as the page shows it that a link in a message opens: no more than the message said. */
export interface AckAlertView {
  readonly name: string
  readonly severity: string | undefined
  readonly summary: string
  readonly sinceMs: number
  readonly acknowledged: AcknowledgedView | undefined
}

export interface AckView {
  /** Where the form goes: the address of the page. */
  readonly action: string
  /** Those of the link that still fire. */
  readonly alerts: readonly AckAlertView[]
  /** Who is signed in; '' where that is not known. */
  readonly by: string
  /** What was wrong with the last try, in a sentence. */
  readonly problem: string | undefined
}

const TIMES = [
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['2h', '2 hours'],
  ['4h', '4 hours'],
  ['8h', '8 hours'],
  ['1d', '1 day'],
  ['3d', '3 days'],
] as const

/** The fields of every form that acknowledges. */
export function AckFields({ by }: { readonly by: string }) {
  return (
    <>
      <label>
        Who <input name="by" value={by} required maxlength={100} autocomplete="name" />
      </label>
      <label>
        Reason <input name="reason" maxlength={1000} />
      </label>
      <label>
        For{' '}
        <select name="for">
          {TIMES.map(([value, text]) => (
            <option value={value} selected={value === '2h'}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Acknowledge</button>
    </>
  )
}

/** Opened by a link in a message, so without a sign-in; only its form changes something. */
export function AckPage({ page, view }: { readonly page: PageContext; readonly view: AckView }) {
  const { alerts, action, by, problem } = view
  const { nowMs } = page
  const open = alerts.filter(({ acknowledged }) => acknowledged === undefined).length
  return (
    <Layout page={page} title="Acknowledge">
      <div class="narrow">
        <h1>{alerts.length === 0 ? 'Nothing to acknowledge' : headline(alerts.length, open)}</h1>
        {alerts.length === 0 ? (
          <p>What this message told of does not fire any more.</p>
        ) : (
          <>
            <ul class="rows alerts">
              {alerts.map((alert) => (
                <AckRow alert={alert} nowMs={nowMs} />
              ))}
            </ul>
            <p>
              While somebody has taken an alert on, it is neither repeated nor escalated. That ends with the alert, or
              with the time that you choose.
            </p>
            <form class="stacked" method="post" action={action}>
              {problem !== undefined && (
                <p class="trouble unhealthy" role="alert">
                  {problem}
                </p>
              )}
              <AckFields by={by} />
            </form>
          </>
        )}
      </div>
    </Layout>
  )
}

function headline(count: number, open: number): string {
  if (open === 0) return count === 1 ? 'This alert is acknowledged' : 'These alerts are acknowledged'
  return count === 1 ? 'Acknowledge this alert?' : `Acknowledge ${plural(count, 'alert')}?`
}

function AckRow({ alert, nowMs }: { readonly alert: AckAlertView; readonly nowMs: number }) {
  const { name, severity, summary, sinceMs, acknowledged } = alert
  return (
    <li class="alert firing">
      <div class="alert-head">
        <Severity severity={severity} />
        <strong class="name">
          <Given text={name} max={200} />
        </strong>
        <span class="since">
          firing <Since atMs={sinceMs} nowMs={nowMs} />
        </span>
      </div>
      {summary !== '' && (
        <p class="summary">
          <Given text={summary} max={500} />
        </p>
      )}
      {acknowledged !== undefined && (
        <p>
          <Given text={acknowledgedText(acknowledged, nowMs)} max={600} />
        </p>
      )}
    </li>
  )
}

export function acknowledgedOf({ by, reason, endsAtMs }: Acknowledgement): AcknowledgedView {
  return { by, reason, untilMs: endsAtMs }
}

/** `acknowledged by maya until 14:05 UTC: looking at it` */
export function acknowledgedText({ by, reason, untilMs }: AcknowledgedView, nowMs: number): string {
  return `acknowledged by ${by} until ${formatNear(untilMs, nowMs)}${reason === '' ? '' : `: ${reason}`}`
}
