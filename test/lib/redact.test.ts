import { expect, test } from 'vitest'
import { redactText } from '../../src/lib/redact.ts'
import { newToken } from '../../src/store/tokens.ts'

test("midwatch's own tokens are masked inside any text", () => {
  const { text } = newToken()
  expect(redactText(`GET /ping/${text}/backup failed`)).toBe('GET /ping/***/backup failed')
})

test('a text is searched as far as it is kept', () => {
  const text = `${'x'.repeat(80_000)} jane@example.org`
  expect(redactText(text)).not.toContain('jane')
  expect(redactText(text, 100_000)).toMatch(/x j\*\*\*@example\.org$/)
})
