import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/lib/secret.ts'

test('shows nowhere but where it is asked for', () => {
  const secret = new Secret('hunter2')
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }, { showHidden: true, depth: 5 }),
    format('%s %j %o', secret, secret, secret),
    new Error(`failed with ${secret}`).message,
    JSON.stringify(structuredClone({ ...secret })),
  ]
  for (const text of shown) expect(text).not.toContain('hunter2')
  expect(secret.reveal()).toBe('hunter2')
})
