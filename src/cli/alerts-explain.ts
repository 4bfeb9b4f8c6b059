import { defineCommand } from 'citty'
import { formatMatcher, type Matcher } from '../model/matcher.ts'
import { searchEpisodes } from '../store/episodes.ts'
import {
  type AlertPastJson,
  type AlertStoryJson,
  type CurrentAlertJson,
  type EpisodeJson,
  episodeJson,
  pastJson,
} from '../web/alerts/json.ts'
import { pastOf } from '../web/alerts/story.ts'
import { matchersOf, type Page } from './alerts-matchers.ts'
import { choiceText, storyText } from './alerts-text.ts'
import type { Server } from './client.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen, type Offline } from './offline.ts'
import { printJson } from './print.ts'
import { serverArgs } from './server-args.ts'

/** So many are enough to see that they are too many. */
const MOST_CHOICES = 20

export const explain = defineCommand({
  meta: {
    name: 'explain',
    description: 'Tell the story of an alert: what was decided and why, who was told, and what comes next.',
  },
  args: {
    alert: {
      type: 'positional',
      required: true,
      description: 'Its fingerprint, or labels that only it has, such as alertname=CheckDown check=shop',
      valueHint: 'FINGERPRINT|MATCHERS…',
    },
    json: { type: 'boolean', description: 'Print as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const asked = askedFor(args._)
    const story = await askOrOpen<AlertStoryJson | AlertPastJson>(
      args,
      (server) => askStory(server, asked),
      (offline) => readPast(offline, asked),
    )
    if (args.json) printJson(story)
    else process.stdout.write(storyText(story, Date.now()))
  },
})

type Asked = { readonly fingerprint: string } | { readonly matchers: readonly Matcher[] }

function askedFor(words: readonly string[]): Asked {
  const [first = ''] = words
  if (words.length === 1 && /^[0-9a-f]{16}$/i.test(first)) return { fingerprint: first.toLowerCase() }
  return { matchers: matchersOf(words) }
}

async function askStory(server: Server, asked: Asked): Promise<AlertStoryJson> {
  const fingerprint = 'fingerprint' in asked ? asked.fingerprint : await findOne(server, asked.matchers)
  return (await server.ask('GET', `/api/v1/alerts/${fingerprint}/timeline`)) as AlertStoryJson
}

/** What fires counts more than what fired. */
async function findOne(server: Server, matchers: readonly Matcher[]): Promise<string> {
  const filter = matchers.map(formatMatcher).join(',')
  const query = new URLSearchParams({ filter, page_size: String(MOST_CHOICES) })
  const current = (await server.ask('GET', `/api/v1/alerts/current?${query}`)) as Page<CurrentAlertJson>
  if (current.items.length > 0) return onlyOne(current.items, filter)
  const past = (await server.ask('GET', `/api/v1/alerts/history?${query}`)) as Page<EpisodeJson>
  return onlyOne(past.items, filter)
}

function readPast({ store }: Offline, asked: Asked): AlertPastJson {
  const fingerprint = 'fingerprint' in asked ? asked.fingerprint : findPast(store.reader, asked.matchers)
  const past = pastOf(store.reader, fingerprint)
  if (past === undefined) throw new CommandError(1, `nothing is known of an alert ${fingerprint}`)
  return pastJson(past)
}

function findPast(reader: Offline['store']['reader'], matchers: readonly Matcher[]): string {
  const { episodes } = searchEpisodes(reader, { matchers }, 1, MOST_CHOICES)
  return onlyOne(
    episodes.map((episode) => episodeJson(episode)),
    matchers.map(formatMatcher).join(','),
  )
}

/** @throws CommandError when there is none, or more than one alert */
function onlyOne(found: readonly (CurrentAlertJson | EpisodeJson)[], filter: string): string {
  const byId = new Map(found.map((one) => [one.fingerprint, one]))
  const [first] = byId.keys()
  if (first === undefined) throw new CommandError(1, `no alert of these labels fires or fired: ${filter}`)
  if (byId.size === 1) return first
  throw new CommandError(
    1,
    `several alerts have these labels; name one by its fingerprint:\n${choiceText([...byId.values()])}`,
  )
}
