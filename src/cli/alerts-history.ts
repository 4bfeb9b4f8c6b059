import { defineCommand } from 'citty'
import { readTime } from '../ingest/time.ts'
import { parseDuration } from '../model/duration.ts'
import { formatMatcher } from '../model/matcher.ts'
import { searchEpisodes } from '../store/episodes.ts'
import { type EpisodeJson, episodeJson } from '../web/alerts/json.ts'
import { matchersOf, type Page } from './alerts-matchers.ts'
import { historyText } from './alerts-text.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen } from './offline.ts'
import { printJson } from './print.ts'
import { serverArgs } from './server-args.ts'

const MOMENT = 'ISO 8601, or how long ago, such as 24h'
const LARGEST_PAGE = 1000

export const history = defineCommand({
  meta: { name: 'history', description: 'List what fired, the newest first, for as long as it is kept.' },
  args: {
    matchers: {
      type: 'positional',
      required: false,
      description: 'Only alerts with these labels, such as alertname=CheckDown',
      valueHint: 'MATCHERS…',
    },
    from: { type: 'string', description: `Only what fired since then: ${MOMENT}`, valueHint: 'TIME' },
    to: { type: 'string', description: `Only what fired before then: ${MOMENT}`, valueHint: 'TIME' },
    page: { type: 'string', description: 'Which page (1)', valueHint: 'NUMBER' },
    'page-size': { type: 'string', description: 'How long a page is (50)', valueHint: 'NUMBER' },
    json: { type: 'boolean', description: 'Print as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const nowMs = Date.now()
    const matchers = matchersOf(args._)
    const fromMs = momentOf(args.from, 'from', nowMs)
    const toMs = momentOf(args.to, 'to', nowMs)
    const page = countOf(args.page, 'page', 1, 100_000)
    const pageSize = countOf(args['page-size'], 'page-size', 50, LARGEST_PAGE)
    const query = new URLSearchParams({ page: String(page), page_size: String(pageSize) })
    if (matchers.length > 0) query.set('filter', matchers.map(formatMatcher).join(','))
    if (fromMs !== undefined) query.set('from', new Date(fromMs).toISOString())
    if (toMs !== undefined) query.set('to', new Date(toMs).toISOString())
    const found = await askOrOpen<Page<EpisodeJson>>(
      args,
      async (server) => (await server.ask('GET', `/api/v1/alerts/history?${query}`)) as Page<EpisodeJson>,
      ({ store }) => {
        const { episodes, total, totalIs } = searchEpisodes(store.reader, { matchers, fromMs, toMs }, page, pageSize)
        return { items: episodes.map((episode) => episodeJson(episode)), total, total_is: totalIs }
      },
    )
    if (args.json) printJson(found)
    else process.stdout.write(historyText(found, page, pageSize))
  },
})

function momentOf(text: string | undefined, name: string, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const agoMs = parseDuration(text)
  if (agoMs !== undefined) return nowMs - agoMs
  const time = readTime(text)
  if (time.ok) return time.ms
  throw new CommandError(2, `--${name} ${time.why}, or how long ago, such as 24h`)
}

function countOf(text: string | undefined, name: string, fallback: number, most: number): number {
  if (text === undefined) return fallback
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= most) return count
  throw new CommandError(2, `--${name} is not a whole number from 1 to ${most}`)
}
