import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import { createToken, listTokens, newToken } from '../store/tokens.ts'

/**
 * Makes the first token when one is needed and there is none, and shows it once: it is on standard error and nowhere else.
 */
export async function ensureToken(store: Store, clock: Clock, print: (line: string) => void): Promise<void> {
  if (listTokens(store.reader).length > 0) return
  const { id, text, hash } = newToken()
  await store.writer.run(createToken, { id, name: 'first', hash, scopes: ['admin'], nowMs: clock.now() })
  print(`midwatch can be reached from other machines, so it needs a token. This one is shown only now:\n\n  ${text}\n`)
}
