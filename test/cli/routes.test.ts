import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { midwatch } from '../support/cli.ts'
import { blocksOf } from '../support/markdown.ts'

const folder = mkdtempSync(join(tmpdir(), 'midwatch-routes-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const SHORT = write(
  'short.yml',
  'notify:\n  slack: https://hooks.slack.com/services/T0/B0/hidden-part\n  by_severity: { low: [] }\n',
)

const LONG = write(
  'long.yml',
  `alertmanager:
  route:
    receiver: root
    routes:
      - { receiver: a, matchers: [team="shop"], continue: true, active_time_intervals: [never] }
      - { receiver: b, match: { team: shop } }
  receivers:
    - { name: root, webhook_configs: [{ url: http://127.0.0.1:1/hidden-part }] }
    - name: a
    - { name: b, pagerduty_configs: [{ routing_key: "\${PAGERDUTY_KEY}" }] }
  time_intervals: [{ name: never, time_intervals: [] }]
`,
)

const env = { PAGERDUTY_KEY: 'R0UTINGKEY' }

test('says on its first line who is told, as amtool does, and then why', async () => {
  const { out, code } = await run(['routes', 'test', '--config', LONG, 'team=shop', 'alertname=A=B'])
  expect(code).toBe(0)
  expect(out).toBe(`a,b

a: nobody
  default-route
    └ {team="shop"}
  in one message with everything on this route
  first after 30s, changes after 5m, again every 4h
  the routes behind it are looked at as well
  not now: muted: outside of never

b: b/pagerduty[0]
  default-route
    └ {team="shop"}
  in one message with everything on this route
  first after 30s, changes after 5m, again every 4h
`)
})

test('tells programs the same, with the keys of the groups', async () => {
  const { out } = await run(['routes', 'test', '--json', '--config', LONG, 'team=shop'])
  expect(JSON.parse(out)).toMatchObject({
    labels: { team: 'shop' },
    receivers: ['a', 'b'],
    routes: [
      { receiver: 'a', channels: [], group_key: '{}/{team="shop"}:{}', muted: 'muted: outside of never' },
      { receiver: 'b', channels: ['b/pagerduty[0]'], path: ['default-route', '{team="shop"}'] },
    ],
  })
})

test('what it is compared with decides about the exit code', async () => {
  expect(await run(['routes', 'test', '--config', LONG, '--verify', 'root'])).toMatchObject({ code: 0 })
  expect(await run(['routes', 'test', '--config', LONG, '--verify', 'a,b', 'team=shop'])).toMatchObject({ code: 0 })
  const wrong = await run(['routes', 'test', '--config', LONG, '--verify', 'b', 'team=shop'])
  expect(wrong).toMatchObject({ code: 1, err: 'expected b, and it is a,b\n' })
})

test('what is no label is wrong use, and a config with errors has no routes', async () => {
  const noLabel = await run(['routes', 'test', '--config', LONG, 'team'])
  expect(noLabel).toMatchObject({
    code: 2,
    err: '"team" is not a label; write name=value, such as severity=critical\n',
  })
  const bad = write('bad.yml', 'alertmanager:\n  route: { receiver: a }\n')
  const { code, err } = await run(['routes', 'show', '--config', bad])
  expect(code).toBe(1)
  expect(err).toBe(
    `${bad}:2:22: alertmanager.route.receiver: "a" is not a receiver; write one under receivers\nthe config has errors, so there are no routes\n`,
  )
})

test('shows the short form as the tree that it stands for', async () => {
  const { out } = await run(['routes', 'show', '--config', SHORT])
  expect(out).toContain(
    '└── default-route  receiver: default  grouping: [alertname]  wait: 10s  interval: 1m  repeat: 4h\n',
  )
  expect(out).toContain('    └── {severity="low"}  receiver: low  grouping: [alertname]\n')
  expect(out).toMatch(/^ {2}critical {2}slack {3}the webhook's own channel$/m)
  expect(out).toMatch(/^ {2}low {7}nobody$/m)
})

test('prints Alertmanager’s file without secrets; a variable that holds one is named', async () => {
  const { out } = await run(['routes', 'show', '--alertmanager', '--config', LONG])
  expect(out).toContain('url: http://127.0.0.1:1/<secret>\n')
  expect(out).toContain(`routing_key: \${PAGERDUTY_KEY}\n`)
  const short = await run(['routes', 'show', '--alertmanager', '--config', SHORT])
  expect(short.out).toContain('api_url: <secret>\n')
  for (const text of [out, short.out]) expect(text).not.toMatch(/hidden-part|R0UTINGKEY/)
  const tree = JSON.parse((await run(['routes', 'show', '--json', '--config', LONG])).out)
  expect(tree.route.routes[0]).toMatchObject({ receiver: 'a', matchers: ['team="shop"'], repeat_interval: '4h' })
  expect(tree.receivers[2]).toMatchObject({ name: 'b', channels: [{ channel: 'b/pagerduty[0]', send_resolved: true }] })
})

test('shows who is told while nobody acknowledges; to Alertmanager that is a remark and changes nothing else', async () => {
  const hook = 'webhook: http://127.0.0.1:1/x'
  const steps = 'escalation: { critical: [{ after: 10m, to: [slack] }, { after: 1h, to: [slack, webhook] }] }'
  const plain = `notify:\n  slack: https://hooks.slack.com/services/T0/B0/x\n  ${hook}\n  by_severity: { critical: [webhook] }\n`
  const without = write('without-steps.yml', plain)
  const short = write('steps.yml', `${plain}  ${steps}\n`)
  const { out } = await run(['routes', 'show', '--config', short])
  expect(out).toContain(
    '\nWhile nobody acknowledges:\n  critical  after 10m  slack\n            after 1h   slack, webhook\n',
  )
  const json = JSON.parse((await run(['routes', 'show', '--json', '--config', short])).out)
  expect(json.receivers.find(({ name }: { name: string }) => name === 'critical').escalation).toEqual([
    { after: '10m', channels: ['slack'] },
    { after: '1h', channels: ['slack', 'webhook'] },
  ])
  const tried = await run(['routes', 'test', '--config', short, 'severity=critical'])
  expect(tried.out).toContain('\n  while nobody acknowledges: slack after 10m; slack, webhook after 1h\n')

  const printed = (await run(['routes', 'show', '--alertmanager', '--config', short])).out.split('\n')
  const remark =
    '# What the receiver critical is told of goes to slack after 10m, to slack, webhook after 1h while nobody acknowledges it; Alertmanager knows neither.'
  expect(printed).toContain(remark)
  const same = (await run(['routes', 'show', '--alertmanager', '--config', without])).out.split('\n')
  expect(printed.filter((line) => line !== remark)).toEqual(same)
})

test('steps beside Alertmanager’s own keys are those of receivers', async () => {
  const file = write(
    'long-steps.yml',
    `notify:
  slack: https://hooks.slack.com/services/T0/B0/x
  escalation: { first: [{ after: 5m, to: [second, slack] }] }
alertmanager:
  route: { receiver: first }
  receivers:
    - { name: first, webhook_configs: [{ url: http://127.0.0.1:1/a }] }
    - { name: second, webhook_configs: [{ url: http://127.0.0.1:1/b }] }
`,
  )
  const { out } = await run(['routes', 'show', '--config', file])
  expect(out).toContain('\nWhile nobody acknowledges:\n  first  after 5m  second/webhook[0], slack\n')
})

test('the pages show what the commands say', async () => {
  const blocks = blocksOf('docs/how-to/routes.md')
  const yaml = blocks.find(({ language }) => language === 'yaml')
  const config = write('page.yml', yaml?.text ?? '')
  const shown = blocks.filter(({ language, text }) => language === 'console' && text.startsWith('$ midwatch routes'))
  expect(shown).toHaveLength(2)
  for (const { text } of shown) {
    const [line = '', ...answer] = text.split('\n')
    const { out } = await midwatch([...line.slice('$ midwatch '.length).split(' '), '--config', config], {
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/x',
      PAGERDUTY_ROUTING_KEY: 'R0UTINGKEY',
    })
    expect(out.trimEnd()).toBe(answer.join('\n').trimEnd())
  }
})

function run(args: readonly string[]) {
  return midwatch(args, env)
}
