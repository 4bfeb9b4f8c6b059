import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakeMail } from '../notify/channel/fakes.ts'
import { listen } from '../support/listen.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

interface Rules {
  readonly data: { readonly groups: readonly { readonly lastEvaluation: string }[] }
}

test('while every place of a channel hangs, checks, rules, pushes and the other channel go on as ever', async () => {
  using folder = tempFolder()
  let hanging = 0
  await using slack = await listen(
    createServer((request) => {
      hanging++
      request.socket.once('close', () => hanging--)
    }),
  )
  let probed = 0
  await using shop = await listen(
    createServer((_request, response) => {
      probed++
      response.end('ok')
    }),
  )
  await using mail = await fakeMail()
  mkdirSync(join(folder.path, 'rules'))
  writeFileSync(
    join(folder.path, 'rules', 'a.yml'),
    'groups: [{ name: a, interval: 1s, rules: [{ record: one, expr: vector(1) }] }]\n',
  )
  const both = {
    name: 'both',
    slack_configs: [{ api_url: `http://127.0.0.1:${slack.port}/services/x` }],
    email_configs: [
      { to: 'a@example.org', from: 'b@example.org', smarthost: `127.0.0.1:${mail.port}`, require_tls: false },
    ],
  }
  await using midwatch = await Midwatch.start(folder.path, {
    config: JSON.stringify({
      evaluation: { cron: '* * * * * *' },
      shipped_rules: false,
      rule_files: ['rules/*.yml'],
      checks: [{ name: 'shop', http: `http://127.0.0.1:${shop.port}/`, every: '1s', timeout: '900ms' }],
      notify: { rate_limit: 'off' },
      alertmanager: { route: { receiver: 'both', group_by: ['...'], group_wait: '1ms' }, receivers: [both] },
    }),
  })
  const post = async (from: number, to: number) => {
    const alerts = Array.from({ length: to - from }, (_, i) => ({ labels: { alertname: 'A', n: String(from + i) } }))
    expect((await midwatch.post('/api/v2/alerts', alerts)).status).toBe(200)
  }
  await post(0, 40)
  await until(() => hanging >= 10, 'every place of Slack to hang')

  const times = new Set<string>()
  const probedBefore = probed
  await until(async () => {
    const { data } = await midwatch.get<Rules>('/api/v1/rules')
    times.add(data.groups[0]?.lastEvaluation ?? '')
    return times.size > 5 && probed >= probedBefore + 5
  }, 'five evaluations and five looks at the shop')
  const pushed = await midwatch.post('/api/v1/metrics', [{ name: 'jobs_total', type: 'counter', add: 1 }])
  expect(pushed.status).toBe(200)
  await post(40, 50)
  await until(() => mail.mails.length >= 50, 'fifty mails')
  // The mail server has the last one before its answer is written down.
  const channels = await until(async () => {
    const { channels } = await midwatch.get<{ channels: Record<string, { waiting: number }> }>('/health')
    return channels['both/email[0]']?.waiting === 0 ? channels : undefined
  }, 'all of them to be written down')
  expect(channels['both/slack[0]']?.waiting).toBe(50)
  // Nobody was let go: those that hang did so all the while, or are followed by others that do.
  await until(() => hanging > 0, 'others to hang')
}, 180_000)
