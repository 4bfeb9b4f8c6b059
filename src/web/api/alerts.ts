import { matchesAll } from '../../model/matcher.ts'
import { parseMatchers } from '../../model/matcher-text.ts'
import { type EpisodeFilter, searchEpisodes } from '../../store/episodes.ts'
import { compareAlerts, currentAlerts } from '../alerts/current.ts'
import { currentJson, episodeJson, storyJson } from '../alerts/json.ts'
import { storyOf } from '../alerts/story.ts'
import { requireScope } from '../auth.ts'
import { ListQuery } from '../list-query.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { ownUrl } from '../site.ts'

const NO_STORE = { 'cache-control': 'no-store' }

/** Alerts as midwatch knows them: what fires, what fired, and what was decided of each and why. */
export const alertsApi: Api = (web, context) => {
  const { store, dispatcher } = context
  const read = requireScope(context, 'read')

  web.get('/api/v1/alerts/current', read, (c) => {
    const query = new ListQuery(c.req.query(), ['filter'])
    const matchers = query.as('filter', parseMatchers) ?? []
    const { page, pageSize } = query.page()
    query.check()
    const found = currentAlerts(context).filter(({ labels }) => matchesAll(matchers, labels))
    const shown = found.toSorted(compareAlerts).slice((page - 1) * pageSize, page * pageSize)
    const body = { items: shown.map(currentJson), page, page_size: pageSize, total: found.length }
    return c.json(body, 200, NO_STORE)
  })

  web.get('/api/v1/alerts/history', read, (c) => {
    const query = new ListQuery(c.req.query(), HISTORY)
    const filter = historyFilter(query)
    const { page, pageSize } = query.page()
    query.check()
    const { episodes, total, totalIs } = searchEpisodes(store.reader, filter, page, pageSize)
    const items = episodes.map((episode) => episodeJson(episode, dispatcher.find(episode.fingerprint)))
    return c.json({ items, page, page_size: pageSize, total, total_is: totalIs }, 200, NO_STORE)
  })

  web.get('/api/v1/alerts/:fingerprint/timeline', read, (c) => {
    const fingerprint = c.req.param('fingerprint').toLowerCase()
    const story = storyOf(context, fingerprint)
    if (story === undefined) throw unknownAlert(fingerprint)
    return c.json(storyJson(story, dispatcher.find(fingerprint), ownUrl(c, context, '')), 200, NO_STORE)
  })
}

const HISTORY = ['from', 'to', 'alertname', 'severity', 'fingerprint', 'filter']

/** What `from`, `to`, `alertname`, `severity`, `fingerprint` and `filter` ask for. */
export function historyFilter(query: ListQuery): EpisodeFilter {
  return {
    fromMs: query.moment('from'),
    toMs: query.moment('to'),
    alertname: query.text('alertname'),
    severity: query.text('severity'),
    fingerprint: query.text('fingerprint')?.toLowerCase(),
    matchers: query.as('filter', parseMatchers) ?? [],
  }
}

/** The retention has forgotten it, or there never was one. */
export function unknownAlert(fingerprint: string): HttpProblem {
  const isOne = /^[0-9a-f]{16}$/.test(fingerprint)
  return isOne
    ? new HttpProblem(404, 'Unknown alert', `nothing is known of an alert ${fingerprint}`)
    : new HttpProblem(404, 'Unknown alert', `"${fingerprint}" is not a fingerprint, which has 16 hex digits`)
}
