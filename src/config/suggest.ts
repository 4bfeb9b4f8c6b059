import { suggest } from '../lib/suggest.ts'

export { didYouMean, suggest } from '../lib/suggest.ts'

/** What other programs call it. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  command: 'script',
  cron: 'heartbeat',
  exec: 'script',
  group: 'category',
  interval: 'every',
  mariadb: 'mysql',
  ping: 'icmp',
  postgresql: 'postgres',
  ssl: 'tls',
  tags: 'labels',
  url: 'http',
  ws: 'websocket',
}

/** The word of ours that a key in a check's entry probably means. */
export function meantCheckKey(key: string, known: readonly string[]): string | undefined {
  const word = Object.hasOwn(OTHER_WORDS, key) ? OTHER_WORDS[key] : undefined
  return word !== undefined && known.includes(word) ? word : suggest(key, known)
}
