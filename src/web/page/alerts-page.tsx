import type { EpisodePage } from '../../store/episodes.ts'
import { AlertLists, type AlertView } from './alerts.tsx'
import { Command } from './command.tsx'
import { EpisodeList } from './episodes.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { clip, formatCount, plural } from './text.tsx'

export interface AlertsPageView {
  readonly alerts: readonly AlertView[]
  readonly jsonUrl: string
  readonly needsToken: boolean
}

/** What fires now. */
export function AlertsPage({ page, view }: { readonly page: PageContext; readonly view: AlertsPageView }) {
  const { alerts } = view
  const firing = alerts.filter(({ state }) => state === 'firing').length
  return (
    <Layout page={page} title={firing === 0 ? 'No alert fires' : `${plural(firing, 'alert')} firing`}>
      <h1 class="spaced">Alerts</h1>
      <Tabs now />
      <section aria-labelledby="firing">
        <h2 id="firing">
          Firing <span class="count">{formatCount(firing)}</span>
        </h2>
        {firing === 0 && <p class="empty">No alert fires.</p>}
        <AlertLists alerts={alerts} page={page} />
      </section>
      <Json {...view} />
    </Layout>
  )
}

/** What is asked of the history; '' for all. */
export interface HistoryFilter {
  readonly alertname: string
  readonly severity: string
  readonly fingerprint: string
  /** How far back: `24h`, `7d`, `30d`, or all that is kept. */
  readonly since: HistorySpan
}

export const HISTORY_SPANS = ['24h', '7d', '30d', 'all'] as const
export type HistorySpan = (typeof HISTORY_SPANS)[number]

export interface HistoryPageView extends EpisodePage {
  readonly filter: HistoryFilter
  readonly pageNumber: number
  readonly pageSize: number
  readonly jsonUrl: string
  readonly needsToken: boolean
}

const SPAN_WORDS: Readonly<Record<HistorySpan, string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  all: 'all that is kept',
}
const MAX_TEXT = 200

/** What fired, the newest first. */
export function HistoryPage({ page, view }: { readonly page: PageContext; readonly view: HistoryPageView }) {
  const { episodes, total, totalIs, filter } = view
  return (
    <Layout page={page} title="Alerts that fired">
      <h1 class="spaced">Alerts</h1>
      <Tabs />
      <section aria-labelledby="fired">
        <h2 id="fired">
          Fired{' '}
          <span class="count">
            {totalIs === 'at_least' && 'over '}
            {plural(total, 'time')}
          </span>
        </h2>
        <HistoryForm filter={filter} />
        {episodes.length === 0 ? (
          <p class="empty">Nothing of this fired.</p>
        ) : (
          <EpisodeList episodes={episodes} nowMs={page.nowMs} />
        )}
        <Turning view={view} />
      </section>
      <Json {...view} />
    </Layout>
  )
}

function Tabs({ now = false }: { readonly now?: boolean }) {
  return (
    <nav aria-label="Alerts">
      <ul class="counts">
        <li>
          <a href="/alerts" aria-current={now ? 'page' : undefined}>
            Now
          </a>
        </li>
        <li>
          <a href="/alerts/history" aria-current={now ? undefined : 'page'}>
            History
          </a>
        </li>
      </ul>
    </nav>
  )
}

function HistoryForm({ filter }: { readonly filter: HistoryFilter }) {
  return (
    <search class="filter">
      <form method="get" action="/alerts/history">
        {filter.fingerprint !== '' && (
          <input type="hidden" name="fingerprint" value={clip(filter.fingerprint, MAX_TEXT)} />
        )}
        <label for="alertname">Alert</label>
        <input
          id="alertname"
          name="alertname"
          type="search"
          value={clip(filter.alertname, MAX_TEXT)}
          placeholder="CheckDown"
          autocomplete="off"
          spellcheck={false}
        />
        <label for="severity">Severity</label>
        <input
          id="severity"
          name="severity"
          type="search"
          value={clip(filter.severity, MAX_TEXT)}
          placeholder="critical"
          autocomplete="off"
          spellcheck={false}
        />
        <label for="since">Last</label>
        <select id="since" name="since">
          {HISTORY_SPANS.map((span) => (
            <option value={span} selected={span === filter.since}>
              {SPAN_WORDS[span]}
            </option>
          ))}
        </select>
        <button type="submit">Show</button>
      </form>
    </search>
  )
}

function Turning({ view }: { readonly view: HistoryPageView }) {
  const { filter, pageNumber, pageSize, total } = view
  const last = Math.ceil(total / pageSize)
  if (last <= 1) return null
  const link = (to: number, text: string) => (
    <li>
      <a href={historyPath(filter, to)}>{text}</a>
    </li>
  )
  return (
    <nav aria-label="More">
      <ul class="counts">
        {pageNumber > 1 && link(pageNumber - 1, 'Newer')}
        <li class="muted">
          page {formatCount(pageNumber)} of {formatCount(last)}
        </li>
        {pageNumber < last && link(pageNumber + 1, 'Older')}
      </ul>
    </nav>
  )
}

function historyPath({ alertname, severity, fingerprint, since }: HistoryFilter, pageNumber: number): string {
  const given = Object.entries({ alertname, severity, fingerprint, since }).filter(([, text]) => text !== '')
  return `/alerts/history?${new URLSearchParams([...given, ['page', String(pageNumber)]])}`
}

function Json({ jsonUrl, needsToken }: { readonly jsonUrl: string; readonly needsToken: boolean }) {
  return (
    <section aria-labelledby="json">
      <h2 id="json">The same as JSON</h2>
      <Command url={jsonUrl} needsToken={needsToken} />
    </section>
  )
}
