import { describe, expect, test } from 'vitest'
import { isSecretKey, redact, redactText } from '../../src/lib/redact.ts'
import { newToken } from '../../src/store/tokens.ts'

/** Made here, so that none of them looks like a real one to a scanner of this repository. */
const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJqYW5lIn0', 'c2lnbmF0dXJl'].join('.')
const LONG_JWT = ['eyJhbGciOiJIUzI1NiJ9', 'x'.repeat(9000), 'c2lnbmF0dXJl'].join('.')
const VISA = ['4111', '1111', '1111', '1111']
const AMEX = '378282246310005'

test("midwatch's own tokens are masked inside any text", () => {
  const { text } = newToken()
  expect(redactText(`GET /ping/${text}/backup failed`)).toBe('GET /ping/***/backup failed')
})

test('a text is searched as far as it is kept', () => {
  const text = `${'x'.repeat(80_000)} jane@example.org`
  expect(redactText(text)).not.toContain('jane')
  expect(redactText(text, 100_000)).toMatch(/x j\*\*\*@example\.org$/)
})

describe('in texts', () => {
  const key = (word: string) => ['-----BEGIN', `${word} PRIVATE KEY-----`].join(' ')
  test.each([
    [`sent ${JWT}.`, 'sent ***.'],
    [`sent ${LONG_JWT}`, 'sent ***'],
    [`${key('RSA')}\nMIIE\n-----END RSA PRIVATE KEY-----`, '***'],
    [`${key('EC')}\nMIIE cut off`, '***'],
    ['authorization: bearer abcdefgh.1jkl', 'authorization: bearer ***'],
    ['Authorization: Basic bWU6aHVudGVyMg==', 'Authorization: Basic ***'],
    ['postgres://watch:p/a:s@s@db.example.org/app', 'postgres://watch:***@db.example.org/app'],
    ['postgres://watch:hunter2@db/app', 'postgres://watch:***@db/app'],
    [
      'GET https://shop.example.org/?a=1&token=hunter2&b=2 failed',
      'GET https://shop.example.org/?a=1&token=***&b=2 failed',
    ],
    ['connect with user=me password=hunter2 host=db', 'connect with user=me password=*** host=db'],
    [`PGPASSWORD='hunter 2' API_KEY="hunter 2" x`, 'PGPASSWORD=*** API_KEY=*** x'],
    ['the answer was {"user":"me","password":"hunter2","n":1}', 'the answer was {"user":"me","password":"***","n":1}'],
    ['{"userPassword": "hunter2", "PGPASSWORD": "x"}', '{"userPassword": "***", "PGPASSWORD": "***"}'],
    ['logged {\\"client_secret\\":\\"hunter2\\"}', 'logged {\\"client_secret\\":"***"}'],
    ['{"cvv": 123, "n": 1}', '{"cvv": "***", "n": 1}'],
    ['to jane.doe+shop@example.org and jörg@münchen.example', 'to j***@example.org and j***@münchen.example'],
    ['?email=jane%40example.org', '?email=j***%40example.org'],
    [`${'a'.repeat(100)}@example.org`, 'a***@example.org'],
  ])('%s', (text, shown) => {
    expect(redactText(text)).toBe(shown)
  })

  test.each([
    VISA.join(''),
    VISA.join(' '),
    VISA.join('-'),
    VISA.join('\u00a0'),
    VISA.join('–'),
    `card ${VISA.join('')} 12/26`,
    `${VISA.join(' ')} 123`,
    `12 ${VISA.join(' ')}`,
    `order 7 4 ${VISA.join('')} 123 1`,
    `pan=${VISA.join('')},`,
    `card_${VISA.join('')}_x`,
    `${AMEX} ${VISA.join('')}`,
  ])('a card number is masked wherever it stands: %s', (text) => {
    const shown = redactText(text).replace(/\D/g, '')
    expect(shown).not.toContain(VISA.join(''))
    expect(shown).not.toContain(AMEX)
    expect(shown.length).toBeLessThan(12)
  })

  test.each([
    'token: is too short; write 16 characters or more',
    'llm_tokens_total{model="m"} 5 max_tokens=5',
    'the author passed 3 of 4 tests, session over',
    'basic authentication failed, bearer of news',
    'http://127.0.0.1:8420/checks/a?to=b@c',
    'at 1732154400000 ms, 1732154400000000000 ns, seq 4000000000000',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736 took 0.4532015112830366 s',
    'ring-fenced, risk-averse, desk-top-computing-machinery',
    '10.0.0.1:5432 refused (ECONNREFUSED)',
  ])('what is no secret stays: %s', (text) => {
    expect(redactText(text)).toBe(text)
  })

  test('a text made to be slow takes no longer than others of its length', () => {
    const hostile = [
      'eyJ-',
      '-eyJ',
      'a@',
      '4 ',
      '://a:',
      'password=',
      '"password":"',
      '-----BEGIN A-----',
      'Basic a',
      'a.',
      '%40',
    ]
    for (const part of hostile) {
      // Processor time: what else runs here must not decide.
      const before = process.cpuUsage()
      redactText(part.repeat(Math.floor(64_000 / part.length)))
      const { user, system } = process.cpuUsage(before)
      expect([part, user + system < 1_000_000]).toEqual([part, true])
    }
  })
})

describe('in values', () => {
  test('fields are masked by their names, at any depth, in any spelling', () => {
    const names = [
      ...[
        'password',
        'PASSWORD',
        'db_password',
        'dbPassword',
        'PGPASSWORD',
        'user.password',
        'password_confirmation',
        'newPassword2',
      ],
      ...[
        'passwd',
        'pwd',
        'passphrase',
        'secret',
        'client_secret',
        'clientSecret',
        'token',
        'accessToken',
        'refresh-token',
      ],
      ...[
        'apiKey',
        'api_key',
        'x-api-key',
        'X-Api-Key',
        'AWS_SECRET_ACCESS_KEY',
        'secretKey',
        'private_key',
        'signingKey',
      ],
      ...[
        'Authorization',
        'cookie',
        'Set-Cookie',
        'sessionId',
        'session_id',
        'credentials',
        'credit_card',
        'creditCard',
      ],
      ...['cardNumber', 'card_no', 'cvv', 'cvc2', 'otp', 'ssn', 'iban', 'jwt', 'idToken'],
    ]
    const open = names.filter((name) => !isSecretKey(name))
    expect(open).toEqual([])
    expect(redact({ a: [{ b: { dbPassword: 'x', cvv: 123, pin: { token: { deep: 1 } } } }] })).toEqual({
      a: [{ b: { dbPassword: '***', cvv: '***', pin: { token: '***' } } }],
    })
  })

  test('names that only sound like it stay', () => {
    const names = [
      'tokens_total',
      'max_tokens',
      'author',
      'passed',
      'bypass_count',
      'sessions',
      'discard',
      'keyboard',
      'secretary',
    ]
    expect(names.filter(isSecretKey)).toEqual([])
  })

  test('card numbers as numbers, and people as names of fields, are masked as well', () => {
    expect(redact({ n: Number(VISA.join('')), big: BigInt(AMEX), at: 1_732_154_400_000, bytes: 4e12 })).toEqual({
      n: '***',
      big: '***',
      at: 1_732_154_400_000,
      bytes: 4e12,
    })
    expect(redact({ 'jane@example.org': 1, [VISA.join('')]: 2, plain: 3 })).toEqual({
      'j***@example.org': 1,
      '***': 2,
      plain: 3,
    })
  })
})
