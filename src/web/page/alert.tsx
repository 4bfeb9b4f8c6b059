import type { AlertStory } from '../alerts/story.ts'
import { acknowledgedOf } from './acknowledge.tsx'
import { TakeOn } from './alerts.tsx'
import { Command } from './command.tsx'
import { EpisodeList } from './episodes.tsx'
import { Fact } from './fact.tsx'
import { LabelList } from './labels.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { alertPath, checkPath, GivenLink, tracePath } from './link.tsx'
import { Trouble } from './reason.tsx'
import { Routes } from './routes.tsx'
import { Severity } from './status.tsx'
import { EventList } from './story.tsx'
import { formatValue, Given, plural } from './text.tsx'
import { Ago, AgoAt, formatNear, formatSpan, Since } from './time.tsx'

export interface AlertPageView {
  readonly story: AlertStory
  /** Whether all events are asked for, or the last ones. */
  readonly allEvents: boolean
  /** The whole address that gives the same as JSON. */
  readonly jsonUrl: string
  readonly needsToken: boolean
}

const SHOWN_APART = new Set(['alertname', 'severity'])

/** One alert: what is wrong and since when, who is told and what comes next, and every decision until now. */
export function AlertPage({ page, view }: { readonly page: PageContext; readonly view: AlertPageView }) {
  const { nowMs } = page
  const { story } = view
  const { labels, annotations, state, check, episodes, episodeCount } = story
  const name = labels.get('alertname') || story.fingerprint
  const severity = labels.get('severity')
  const before = episodes.filter(({ endedMs }) => endedMs !== undefined)
  const others = labels.drop(SHOWN_APART).toObject()
  return (
    <Layout page={page} title={`${name}: ${state}`}>
      <p class="breadcrumb">
        <a href="/alerts">All alerts</a>
      </p>
      <div class={`verdict-row alert ${state}`}>
        <h1>
          <Given text={name} max={300} />
        </h1>
        <Severity severity={severity} />
        <span>
          <State story={story} nowMs={nowMs} />
        </span>
        {annotations.runbook_url !== undefined && annotations.runbook_url !== '' && (
          <span>
            <GivenLink href={annotations.runbook_url}>Runbook</GivenLink>
          </span>
        )}
      </div>
      {labels.size === 0 && (
        <p class="empty">It never fired, so that its labels are not kept: only what was decided of it.</p>
      )}
      {annotations.summary !== undefined && annotations.summary !== '' && (
        <p class="lead">
          <Given text={annotations.summary} max={1000} />
        </p>
      )}
      {annotations.description !== undefined && annotations.description !== '' && (
        <p>
          <Given text={annotations.description} max={4000} />
        </p>
      )}
      {check !== undefined && state !== 'gone' && <Trouble check={check} max={2000} />}

      {(state === 'firing' || state === 'pending') && (
        <TakeOn
          alert={{
            fingerprint: story.fingerprint,
            name,
            state,
            acknowledged: story.acknowledgement && acknowledgedOf(story.acknowledgement),
          }}
          page={page}
        />
      )}
      <Facts story={story} nowMs={nowMs} />
      {Object.keys(others).length > 0 && <LabelList labels={others} />}

      {labels.size > 0 && (
        <section aria-labelledby="told">
          <h2 id="told">Who is told</h2>
          <Routes routes={story.routes} isGone={state === 'gone'} nowMs={nowMs} />
        </section>
      )}

      <section aria-labelledby="happened">
        <h2 id="happened">What happened</h2>
        <EventList events={story.events} all={view.allEvents} path={alertPath(story.fingerprint)} nowMs={nowMs} />
      </section>

      {before.length > 0 && (
        <section aria-labelledby="before">
          <h2 id="before">
            Fired before <span class="count">{plural(episodeCount, 'time')} in all</span>
          </h2>
          <EpisodeList episodes={before} nowMs={nowMs} isOne />
          {episodeCount > episodes.length && (
            <p>
              <a href={`/alerts/history?fingerprint=${story.fingerprint}`}>All of them</a>
            </p>
          )}
        </section>
      )}

      <section aria-labelledby="json">
        <h2 id="json">The same as JSON</h2>
        <Command url={view.jsonUrl} needsToken={view.needsToken} />
      </section>
    </Layout>
  )
}

function State({ story, nowMs }: { readonly story: AlertStory; readonly nowMs: number }) {
  const { state, activeMs, firingMs, endedMs } = story
  switch (state) {
    case 'pending':
      return <>pending {activeMs !== undefined && <Since atMs={activeMs} nowMs={nowMs} />}</>
    case 'firing':
      return <>firing {firingMs !== undefined && <Since atMs={firingMs} nowMs={nowMs} />}</>
    case 'resolved':
    case 'gone':
      if (endedMs === undefined) return <>not firing</>
      return (
        <>
          over since <AgoAt atMs={endedMs} nowMs={nowMs} />
          {firingMs !== undefined && <span class="muted">, fired for {formatSpan(endedMs - firingMs)}</span>}
        </>
      )
  }
}

function Facts({ story, nowMs }: { readonly story: AlertStory; readonly nowMs: number }) {
  const { value, peak, condition, rule, check, acknowledgement, activeMs, firingMs, traceIds } = story
  const isBound = condition?.op === '=='
  return (
    <section aria-label="Facts">
      <dl class="facts">
        {value !== undefined && (
          <Fact name="Value">
            <strong>{formatValue(value)}</strong>
            {condition !== undefined && !isBound && (
              <span class="muted">
                {' '}
                (threshold {condition.op} {formatValue(condition.bound)})
              </span>
            )}
            {peak !== undefined && peak !== value && <>, worst {formatValue(peak)}</>}
          </Fact>
        )}
        {activeMs !== undefined && firingMs !== undefined && activeMs !== firingMs && (
          <Fact name="True since">
            {formatNear(activeMs, nowMs)}
            <span class="muted">, waited {formatSpan(firingMs - activeMs)}</span>
          </Fact>
        )}
        {acknowledgement !== undefined && (
          <Fact name="Taken on">
            by <Given text={acknowledgement.by} max={100} />
            {acknowledgement.reason !== '' && (
              <>
                : <Given text={acknowledgement.reason} />
              </>
            )}
            <span class="muted">, until {formatNear(acknowledgement.endsAtMs, nowMs)}</span>
          </Fact>
        )}
        {check !== undefined && (
          <Fact name="Check">
            <a href={checkPath(check.name)}>
              <Given text={check.name} max={200} />
            </a>{' '}
            <span class={check.status}>{check.status}</span>
          </Fact>
        )}
        {traceIds.length > 0 && (
          <Fact name="Traces">
            {traceIds.map((id, i) => (
              <>
                {i > 0 && ', '}
                <a href={tracePath(id)}>
                  <code>{id.slice(0, 8)}</code>
                </a>
              </>
            ))}
            <span class="muted"> of failures that fit its labels</span>
          </Fact>
        )}
        {rule !== undefined && (
          <>
            <Fact name="Rule">
              <Given text={`${rule.group.name} in ${rule.group.file}`} max={300} />
            </Fact>
            <Fact name="Evaluated">
              {rule.lastEvaluationMs === undefined ? 'not yet' : <Ago atMs={rule.lastEvaluationMs} nowMs={nowMs} />}
              {rule.lastError !== undefined && (
                <span class="unhealthy">
                  {' '}
                  it fails: <Given text={rule.lastError} max={500} />
                </span>
              )}
            </Fact>
          </>
        )}
      </dl>
      {rule !== undefined && (
        // A long expression scrolls within its box, which therefore has to be reachable by keyboard.
        <pre class="command" tabindex={0}>
          <code>
            <Given text={rule.rule.expr} max={4000} />
          </code>
        </pre>
      )}
    </section>
  )
}
