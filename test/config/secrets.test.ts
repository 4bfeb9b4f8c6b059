import { expect, test } from 'vitest'
import type { ProbeCheck } from '../../src/config/config.ts'
import { describeConfig } from '../../src/config/describe.ts'
import { load, loadFine, problemTexts } from './support.ts'

const SECRETS = ['tok-0123456789abcdef', 'bear/er-hunter2', 'pg:pass@word-hunter3', 'hooks-hunter4', 'smtp/hunter5']
const [TOKEN, BEARER, PG, HOOK, SMTP] = SECRETS

const text = `
server:
  tokens: [{ name: a, token_file: token, scopes: [read] }]
checks:
  - { name: web, http: "https://a.example.org", bearer_token_file: secrets/bearer }
  - { name: db, postgres_file: dsn }
  - { name: db2, postgres: "postgres://watch:\${PG}@db.example.org/app" }
  - { name: web2, http: "https://b.example.org", headers: { X-Key: \${BEARER}, Authorization: Bearer ${BEARER} } }
notify: { slack_file: slack, email: { to: a@example.org, smtp_file: smtp } }
`
const files = {
  token: `${TOKEN}\n`,
  'secrets/bearer': `${BEARER}\r\n`,
  dsn: `postgres://watch:${PG}@db.example.org/app\n`,
  slack: `https://hooks.slack.com/services/${HOOK}`,
  smtp: `smtps://me:${SMTP}@mail.example.org\n`,
}
const env = { PG, BEARER } as Record<string, string>

test('every secret may stand in a file of its own, whose last line break does not count', () => {
  const loaded = load(text, { files, env })
  expect(problemTexts(loaded)).toEqual([])
  const { server, checks, notify } = loaded.config!
  expect(server.tokens[0]?.token.reveal()).toBe(TOKEN)
  const settings = checks.map((check) => (check as ProbeCheck).settings) as { [key: string]: { reveal(): string } }[]
  expect(settings[0]?.bearer_token?.reveal()).toBe(BEARER)
  expect(settings[1]?.password?.reveal()).toBe(PG)
  expect(notify.channels.slack?.url.reveal()).toBe(files.slack)
  expect(notify.channels.email?.smtp.password?.reveal()).toBe(SMTP)
})

test('the files are among those that were read, so that a new secret is noticed', () => {
  const names = load(text, { files, env }).files.map((file) => file.replace(/.*\/(?=[^/]+$)/, ''))
  expect(names.sort()).toEqual(['bearer', 'dsn', 'midwatch.yml', 'slack', 'smtp', 'token'])
})

test('a variable may name the file', () => {
  const { notify } = loadFine('', { env: { MIDWATCH_NOTIFY_SLACK_FILE: '/run/secrets/slack' }, files })
  expect(notify.channels.slack?.url.reveal()).toBe(files.slack)
})

test('no secret is in the description of the config, nor in the JSON of what holds it', () => {
  const config = loadFine(text, { files, env })
  const shown = JSON.stringify([describeConfig(config), config.server, config.notify])
  expect(SECRETS.filter((secret) => shown.includes(secret))).toEqual([])
})

test('no secret is in a problem, whatever is wrong with it', () => {
  const broken = `
server:
  tokens: [{ name: a, token: short-hunter, scopes: [read] }]
checks:
  - { name: a, http: "http://user:url-hunter@a.example.org:99999/" }
  - { name: b, postgres: "postgres//watch:dsn-hunter@db/app" }
  - { name: c, http: "https://a.example.org", every: \${API_TOKEN} }
  - { name: d, http: \${API_TOKEN} }
notify:
  slack: slack-hunter
  email: { to: a@example.org, smtp: "me:smtp-hunter@mail" }
`
  const problems = problemTexts(load(broken, { env: { API_TOKEN: 'variable-"hunter' } }))
  expect(problems).toHaveLength(7)
  expect(problems.filter((problem) => problem.includes('hunter'))).toEqual([])
})

test('a secret file that can not be read is one problem, not two', () => {
  expect(problemTexts(load('notify: { slack_file: nowhere }'))).toEqual([
    "midwatch.yml:1:23: notify.slack_file: nowhere can't be read: there is no such file",
  ])
})

test('keys that are no secret have no file', () => {
  expect(problemTexts(load('log: { level_file: x }'))).toEqual([
    'midwatch.yml:1:8: log.level_file: is not a key of log; the keys here are: level',
  ])
})
