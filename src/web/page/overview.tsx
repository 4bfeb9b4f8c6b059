import type { HealthSummary } from '../../model/health.ts'
import { AlertLists, type AlertView } from './alerts.tsx'
import { CheckRow, type CheckSummary } from './check-row.tsx'
import { type CheckFilter, FilterBar, isFiltering, matches } from './filter.tsx'
import { HistoryLegend } from './history.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { GivenLink } from './link.tsx'
import { StatusIcon } from './status.tsx'
import { formatCount, Given, plural } from './text.tsx'
import { Ago, formatSpan } from './time.tsx'
import { byNeed, headline, overall, tabTitle } from './verdict.ts'

/** Something that keeps midwatch from doing its work: a refused configuration, a full disk, a channel that fails. */
export interface OwnProblem {
  readonly severity: 'error' | 'warning'
  /** In a few words. */
  readonly title: string
  /** What happened, where, and what to do. */
  readonly detail: string
  readonly sinceMs: number | undefined
  /** As in `runbook_url` of a rule: a page of ours or elsewhere. */
  readonly runbookUrl: string | undefined
}

export interface OverviewView {
  readonly summary: HealthSummary
  readonly startedAtMs: number
  /** When rules were last evaluated; undefined before the first time. */
  readonly evaluatedAtMs: number | undefined
  readonly checks: readonly CheckSummary[]
  readonly filter: CheckFilter
  readonly alerts: readonly AlertView[]
  readonly problems: readonly OwnProblem[]
}

function groupByCategory(checks: readonly CheckSummary[]): ReadonlyMap<string, readonly CheckSummary[]> {
  const groups = new Map<string, CheckSummary[]>()
  for (const check of checks) {
    const group = groups.get(check.category)
    if (group === undefined) groups.set(check.category, [check])
    else group.push(check)
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What broke, where, why; then everything else. */
export function OverviewPage({ page, view }: { readonly page: PageContext; readonly view: OverviewView }) {
  const { summary, checks, filter, alerts, problems } = view
  const { nowMs } = page
  const shown = checks.filter((check) => matches(check, filter)).toSorted(byNeed)
  const inMaintenance = shown.filter(({ maintenance }) => maintenance !== undefined)
  const counting = shown.filter(({ maintenance }) => maintenance === undefined)
  const troubled = counting.filter(({ status }) => status !== 'healthy')
  const healthy = counting.filter(({ status }) => status === 'healthy')
  const firing = alerts.filter(({ state }) => state === 'firing').length
  return (
    <Layout page={page} title={tabTitle(summary)}>
      <section class={`verdict is-${summary.total === 0 ? 'unknown' : summary.status}`} aria-labelledby="verdict">
        <StatusIcon status={summary.total === 0 ? 'unknown' : summary.status} />
        <div>
          <h1 id="verdict">{headline(summary, checks)}</h1>
          <p class="muted">
            {summary.total > 0 && <>{overall(summary)} </>}
            {view.evaluatedAtMs === undefined ? (
              'Rules were not evaluated yet'
            ) : (
              <>
                Evaluated <Ago atMs={view.evaluatedAtMs} nowMs={nowMs} />
              </>
            )}{' '}
            · version {page.version} · up for {formatSpan(nowMs - view.startedAtMs)}
          </p>
        </div>
      </section>
      <OwnProblems problems={problems} nowMs={nowMs} />

      {troubled.length > 0 && (
        <section aria-labelledby="attention">
          <h2 id="attention">
            Needs attention <span class="count">{formatCount(troubled.length)}</span>
          </h2>
          <ul class="rows checks">
            {troubled.map((check) => (
              <CheckRow check={check} nowMs={nowMs} withCategory />
            ))}
          </ul>
        </section>
      )}

      {inMaintenance.length > 0 && (
        <section aria-labelledby="maintenance">
          <h2 id="maintenance">
            In maintenance <span class="count">{formatCount(inMaintenance.length)}</span>
          </h2>
          <ul class="rows checks">
            {inMaintenance.map((check) => (
              <CheckRow check={check} nowMs={nowMs} withCategory />
            ))}
          </ul>
        </section>
      )}

      <section aria-labelledby="alerts">
        <h2 id="alerts">
          Alerts <span class="count">{firing} firing</span>
        </h2>
        {alerts.length === 0 ? (
          <p class="empty">No alert is firing or pending.</p>
        ) : (
          <AlertLists alerts={alerts} page={page} />
        )}
      </section>

      <section aria-labelledby="checks">
        <h2 id="checks">Checks</h2>
        {summary.total === 0 ? (
          <p class="empty">
            No checks are configured. Write one under <code>checks:</code> in <code>midwatch.yml</code>, for example{' '}
            <code>{'- { name: shop, http: https://shop.example.org/health }'}</code>, and reload.
          </p>
        ) : (
          <>
            <FilterBar filter={filter} summary={summary} />
            {shown.length === 0 && (
              <p class="empty">
                No check matches. <a href="/#checks">Show all {formatCount(summary.total)}</a>
              </p>
            )}
            {troubled.length > 0 && (
              <p class="muted hint">
                {plural(troubled.length, 'check')} that {troubled.length === 1 ? 'is' : 'are'} not healthy{' '}
                {troubled.length === 1 ? 'stands' : 'stand'} above under <a href="#attention">needs attention</a>.
              </p>
            )}
            {[...groupByCategory(healthy)].map(([category, members]) => (
              <Category
                category={category}
                members={members}
                total={checks.filter((check) => check.category === category).length}
                nowMs={nowMs}
                filtered={isFiltering(filter)}
              />
            ))}
            <p class="muted hint">
              Bars: the last 24 hours in half-hours, the worst of each. <HistoryLegend />
            </p>
          </>
        )}
      </section>
    </Layout>
  )
}

interface CategoryProps {
  readonly category: string
  readonly members: readonly CheckSummary[]
  readonly total: number
  readonly nowMs: number
  readonly filtered: boolean
}

function Category({ category, members, total, nowMs, filtered }: CategoryProps) {
  return (
    <>
      <h3>
        <Given text={category} max={60} />{' '}
        <span class="count">
          {filtered
            ? `${formatCount(members.length)} shown`
            : `${formatCount(members.length)} of ${formatCount(total)} healthy`}
        </span>
      </h3>
      <ul class="rows checks">
        {members.map((check) => (
          <CheckRow check={check} nowMs={nowMs} />
        ))}
      </ul>
    </>
  )
}

function OwnProblems({ problems, nowMs }: { readonly problems: readonly OwnProblem[]; readonly nowMs: number }) {
  if (problems.length === 0) return null
  return (
    <section class="own-problems" aria-labelledby="own-problems">
      <h2 id="own-problems">midwatch itself needs help</h2>
      <ul>
        {problems.map(({ severity, title, detail, sinceMs, runbookUrl }) => (
          <li class={severity}>
            <StatusIcon status={severity === 'error' ? 'unhealthy' : 'degraded'} />
            <div>
              <strong>
                <Given text={title} max={200} />
              </strong>
              {sinceMs !== undefined && (
                <>
                  {' '}
                  <Ago atMs={sinceMs} nowMs={nowMs} />
                </>
              )}
              <p>
                <Given text={detail} max={1000} />{' '}
                {runbookUrl !== undefined && <GivenLink href={runbookUrl}>What to do</GivenLink>}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
