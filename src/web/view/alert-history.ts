import { searchEpisodes } from '../../store/episodes.ts'
import type { WebContext } from '../context.ts'
import { HISTORY_SPANS, type HistoryFilter, type HistoryPageView, type HistorySpan } from '../page/alerts-page.tsx'

const PAGE_SIZE = 50
const MOST_PAGES = 2000
const MAX_TEXT = 200
const SPAN_MS: Readonly<Record<HistorySpan, number>> = {
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
  '30d': 30 * 24 * 3_600_000,
  all: Number.POSITIVE_INFINITY,
}

interface Asked {
  /** Where the same is as JSON. */
  readonly jsonUrl: (query: string) => string
  readonly needsToken: boolean
}

/** What fired, as a page asks for it; what is not understood of the query narrows nothing. */
export function historyView({ store, clock }: WebContext, query: URLSearchParams, asked: Asked): HistoryPageView {
  const filter = readFilter(query)
  const spanMs = SPAN_MS[filter.since]
  const fromMs = Number.isFinite(spanMs) ? clock.now() - spanMs : undefined
  const number = Number(query.get('page') ?? 1)
  const pageNumber = Number.isInteger(number) && number >= 1 ? Math.min(number, MOST_PAGES) : 1
  const wanted = Object.fromEntries(
    Object.entries({
      alertname: filter.alertname,
      severity: filter.severity,
      fingerprint: filter.fingerprint,
    }).filter(([, text]) => text !== ''),
  )
  const found = searchEpisodes(store.reader, { ...wanted, fromMs }, pageNumber, PAGE_SIZE)
  const from = fromMs === undefined ? [] : [['from', new Date(fromMs).toISOString()]]
  const json = new URLSearchParams([...Object.entries(wanted), ...from, ['page_size', String(PAGE_SIZE)]])
  return {
    ...found,
    filter,
    pageNumber,
    pageSize: PAGE_SIZE,
    jsonUrl: asked.jsonUrl(String(json)),
    needsToken: asked.needsToken,
  }
}

function readFilter(query: URLSearchParams): HistoryFilter {
  const text = (name: string) => (query.get(name) ?? '').trim().slice(0, MAX_TEXT)
  return {
    alertname: text('alertname'),
    severity: text('severity'),
    fingerprint: text('fingerprint').toLowerCase(),
    // Of one alert all is of interest.
    since: HISTORY_SPANS.find((span) => span === query.get('since')) ?? (text('fingerprint') === '' ? '7d' : 'all'),
  }
}
