import { Labels } from '../model/labels.ts'
import { formatMatcher } from '../model/matcher.ts'
import { matchersOf } from './alerts-matchers.ts'
import { findServer, type Server } from './client.ts'
import { CommandError } from './command-error.ts'
import type { ServerArgs } from './server-args.ts'

/** As `GET /api/v2/alerts` lists it. */
interface ListedAlert {
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
  readonly acknowledgement?: { readonly by: string }
}

export interface SelectedAlert {
  readonly fingerprint: string
  /** Its labels, or its fingerprint where they are not known. */
  readonly name: string
}

const FINGERPRINT = /^[0-9a-f]{16}$/

/**
 * The alerts of the running midwatch that words on the command line mean: those of the fingerprints, and those that have all
 * of the labels.
 *
 * @param counts which of the latter
 * @throws CommandError when the words are neither, or no alert is meant
 */
export async function alertsMeant(
  args: ServerArgs,
  words: readonly string[],
  counts: (alert: ListedAlert) => boolean = () => true,
): Promise<{ readonly server: Server; readonly alerts: readonly SelectedAlert[] }> {
  const fingerprints = [...new Set(words.filter((word) => FINGERPRINT.test(word)))]
  const matchers = matchersOf(words.filter((word) => !FINGERPRINT.test(word)))
  const server = findServer(args)
  const query = new URLSearchParams(matchers.map((matcher) => ['filter', formatMatcher(matcher)]))
  const listed = (await server.ask('GET', `/api/v2/alerts?${query}`)) as readonly ListedAlert[]
  const matching = matchers.length === 0 ? [] : listed.filter(counts)
  if (fingerprints.length + matching.length === 0) {
    throw new CommandError(1, `no alert is meant by ${matchers.map(formatMatcher).join(' ')}: none fires that has them`)
  }
  const names = new Map(listed.map(({ fingerprint, labels }) => [fingerprint, String(Labels.of(labels))]))
  const all = new Set([...fingerprints, ...matching.map(({ fingerprint }) => fingerprint)])
  return {
    server,
    alerts: [...all].map((fingerprint) => ({ fingerprint, name: names.get(fingerprint) ?? fingerprint })),
  }
}
