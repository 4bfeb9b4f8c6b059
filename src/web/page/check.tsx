import type { HealthStatus } from '../../model/health.ts'
import { AlertLists, type AlertView } from './alerts.tsx'
import { type CheckSummary, MaintenanceTag } from './check-row.tsx'
import { Command } from './command.tsx'
import { Fact } from './fact.tsx'
import { HistoryChart } from './history.tsx'
import { LabelList } from './labels.tsx'
import { LatencyChart, type LatencySeries } from './latency-chart.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { checkPath, GivenLink } from './link.tsx'
import { PhaseTable, type PhaseView } from './phases.tsx'
import { Trouble } from './reason.tsx'
import { StatusMark, statusWord } from './status.tsx'
import { formatShare, formatValue, Given } from './text.tsx'
import { Ago, AgoAt, formatLatency, formatSpan, formatWindow, Instant, Since } from './time.tsx'

export interface UptimeView {
  /** Of this much time until now. */
  readonly windowMs: number
  /** 0 to 1 of the time that is known; undefined when none is. */
  readonly upShare: number | undefined
  /** 0 to 1: how much of the window is known at all; the rest is left out. */
  readonly knownShare: number
}

export interface CheckEventView {
  readonly atMs: number
  readonly status: HealthStatus
  /** Why; '' when there is nothing to say. */
  readonly message: string
}

export interface CheckView extends CheckSummary {
  /** How often it is asked; undefined for a heartbeat, which reports itself. */
  readonly everyMs: number | undefined
  readonly timeoutMs: number | undefined
  /** When a heartbeat is awaited, in words: `0 3 * * * Europe/Berlin, 30 min grace`. */
  readonly schedule: string | undefined
  readonly dependsOn: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly runbookUrl: string | undefined
  /** Of the last run, in order; empty when there are none. */
  readonly phases: readonly PhaseView[]
  readonly latency: LatencySeries
  readonly uptimes: readonly UptimeView[]
  /** Newest first. */
  readonly events: readonly CheckEventView[]
  /** Firing and pending ones of this check. */
  readonly alerts: readonly AlertView[]
  /** The whole address that gives the same as JSON. */
  readonly jsonUrl: string
  readonly needsToken: boolean
}

/** All that is known of one check: what is wrong with it, since when, and how it has been. */
export function CheckPage({ page, view }: { readonly page: PageContext; readonly view: CheckView }) {
  const { nowMs } = page
  const { name, status, critical, sinceMs, phases, details, alerts, events, history, latency, runbookUrl } = view
  const isAsked = view.everyMs !== undefined
  return (
    <Layout page={page} title={`${name}: ${status}`}>
      <p class="breadcrumb">
        <a href="/">All checks</a>
      </p>
      <div class={`verdict-row is-${status}`}>
        <h1>
          <Given text={name} max={300} />
        </h1>
        <StatusMark status={status} />
        <span>
          <Since atMs={sinceMs} nowMs={nowMs} />
        </span>
        {critical && <span class="tag critical">critical</span>}
        <MaintenanceTag maintenance={view.maintenance} nowMs={nowMs} />
        {runbookUrl !== undefined && (
          <span>
            <GivenLink href={runbookUrl}>Runbook</GivenLink>
          </span>
        )}
      </div>
      <Trouble check={view} max={4000} />

      {alerts.length > 0 && (
        <section aria-labelledby="alerts">
          <h2 id="alerts">Alerts</h2>
          <AlertLists alerts={alerts} page={page} />
        </section>
      )}

      <Facts page={page} view={view} />

      <section aria-labelledby="uptime">
        <h2 id="uptime">Uptime</h2>
        <dl class="tiles">
          {view.uptimes.map(({ windowMs, upShare, knownShare }) => (
            <div>
              <dt>{formatWindow(windowMs)}</dt>
              <dd>
                <strong>{upShare === undefined ? 'not known' : formatShare(upShare)}</strong>
                {upShare !== undefined && knownShare < 0.9995 && (
                  <span class="muted">of the {formatSpan(knownShare * windowMs)} that are known</span>
                )}
              </dd>
            </div>
          ))}
        </dl>
        <HistoryChart history={history} nowMs={nowMs} />
      </section>

      {isAsked && (
        <section aria-labelledby="latency">
          <h2 id="latency">Latency, last {formatWindow(latency.toMs - latency.fromMs)}</h2>
          <LatencyChart series={latency} nowMs={nowMs} />
        </section>
      )}

      {(phases.length > 0 || Object.keys(details).length > 0) && (
        <section aria-labelledby="last-run">
          <h2 id="last-run">{isAsked ? 'Last run' : 'Last report'}</h2>
          <div class="pair">
            {phases.length > 0 && <PhaseTable phases={phases} />}
            {Object.keys(details).length > 0 && (
              <table class="details">
                <caption class="visually-hidden">Details of the last run</caption>
                <tbody>
                  {Object.entries(details).map(([key, value]) => (
                    <tr>
                      <th scope="row">
                        <Given text={key} max={100} />
                      </th>
                      <td>{typeof value === 'number' ? formatValue(value) : <Given text={String(value)} />}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </div>
        </section>
      )}

      <section aria-labelledby="changes">
        <h2 id="changes">State changes</h2>
        {events.length === 0 ? (
          <p class="empty">Its state has not changed since it is known.</p>
        ) : (
          <ol class="rows events">
            {events.map((event) => (
              <li>
                <StatusMark status={event.status} />
                <Instant atMs={event.atMs} nowMs={nowMs} />
                {event.message !== '' && (
                  <span class="message">
                    <Given text={event.message} />
                  </span>
                )}
              </li>
            ))}
          </ol>
        )}
      </section>

      <section aria-labelledby="json">
        <h2 id="json">The same as JSON</h2>
        <Command url={view.jsonUrl} needsToken={view.needsToken} />
      </section>
    </Layout>
  )
}

function Facts({ page: { nowMs }, view }: { readonly page: PageContext; readonly view: CheckView }) {
  const { everyMs, timeoutMs, schedule, dependsOn, target } = view
  return (
    <section aria-label="Facts">
      <dl class="facts">
        <Fact name="Last success">
          {view.lastSuccessMs === undefined ? 'never' : <AgoAt atMs={view.lastSuccessMs} nowMs={nowMs} />}
        </Fact>
        <Fact name={everyMs === undefined ? 'Last report' : 'Last run'}>
          {view.lastRunMs === undefined ? 'not yet' : <Ago atMs={view.lastRunMs} nowMs={nowMs} />}
          {view.latencyMs !== undefined && <>, took {formatLatency(view.latencyMs)}</>}
        </Fact>
        {target !== '' && (
          <Fact name="Target">
            <Given text={target} max={1000} />
          </Fact>
        )}
        <Fact name="Kind">
          <Given text={view.kind} max={60} />
        </Fact>
        {everyMs !== undefined && (
          <Fact name="Asked">
            every {formatSpan(everyMs)}
            {timeoutMs !== undefined && <>, waits {formatLatency(timeoutMs)}</>}
          </Fact>
        )}
        {schedule !== undefined && (
          <Fact name="Awaited">
            <Given text={schedule} />
          </Fact>
        )}
        <Fact name="Category">
          <Given text={view.category} max={100} />
        </Fact>
        {dependsOn.length > 0 && (
          <Fact name="Depends on">
            {dependsOn.map((other, i) => (
              <>
                {i > 0 && ', '}
                <a href={checkPath(other)}>
                  <Given text={other} max={200} />
                </a>
              </>
            ))}
          </Fact>
        )}
        {Object.keys(view.labels).length > 0 && (
          <Fact name="Labels">
            <LabelList labels={view.labels} />
          </Fact>
        )}
      </dl>
      {!isKnown(view) && <p class="empty">{statusWord(view.status)}: it was not looked at yet.</p>}
    </section>
  )
}

function isKnown({ lastRunMs, message }: CheckView): boolean {
  return lastRunMs !== undefined || message !== ''
}
