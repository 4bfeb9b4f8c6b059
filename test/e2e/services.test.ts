import { expect, test } from 'vitest'
import { describePeers, freePort, startPeer } from '../support/peers.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'
import { startNginx } from './nginx.ts'
import { mailReceiver, slackReceiver } from './receivers.ts'

interface Check {
  status: string
  critical: boolean
  category: string
  latency_ms: number | null
  last_success: string | null
  reason?: string
  phase?: string
  message?: string
  details: Record<string, unknown>
}

interface Health {
  status: string
  summary: Record<string, number>
  checks: Record<string, Check>
}

interface Alerts {
  data: { alerts: { labels: Record<string, string>; state: string }[] }
}

describePeers(['nginx', 'postgres', 'redis-server'], (paths) => {
  test('nginx, PostgreSQL and Redis are watched with their details, and the shipped rules tell when one is gone', async () => {
    using folder = tempFolder()
    const [nginxPort, redisPort] = [await freePort(), await freePort()]
    await using _nginx = await startNginx(paths.nginx, folder.path, nginxPort)
    await using postgres = await startPostgres(paths.postgres)
    const redis = await startPeer(
      paths['redis-server'],
      ['--port', String(redisPort), '--save', '', '--appendonly', 'no'],
      {
        ready: redisPort,
      },
    )
    await using slack = await slackReceiver()
    await using mail = await mailReceiver()
    await using midwatch = await Midwatch.start(folder.path, {
      env: { PG_PASSWORD: 'not-asked-for' },
      config: `
evaluation: { cron: "* * * * * *" }
checks:
  - { name: web, http: "http://127.0.0.1:${nginxPort}/", every: 1s, timeout: 1s, expect: { status: 2xx, json: { status: ok } } }
  - { name: db, postgres: "postgres://postgres:\${PG_PASSWORD}@127.0.0.1:${postgres.port}/postgres", every: 1s, timeout: 1s, category: database, critical: true }
  - { name: queue, redis: "redis://127.0.0.1:${redisPort}", queues: [jobs], every: 1s, timeout: 1s }
notify:
  slack: ${slack.url}
  email: { to: oncall@example.org, smtp: "${mail.url}" }
  by_severity: { critical: [slack, email], high: [slack] }
  group_wait: 1ms
shipped_rules: { disable: [CheckDown] }
`,
    }).catch(async (error: unknown) => {
      await redis.stop()
      throw error
    })
    const health = () => midwatch.get<Health>('/health')
    const checks = await until(async () => {
      const { checks } = await health()
      return ['web', 'db', 'queue'].every((name) => checks[name]?.status === 'healthy') ? checks : undefined
    }, 'all three to be healthy')
    expect(checks.db).toMatchObject({
      category: 'database',
      critical: true,
      details: { max_connections: expect.any(Number) },
    })
    expect(checks.queue?.details).toMatchObject({ 'queue jobs': 0 })
    expect(checks.web).toMatchObject({ latency_ms: expect.any(Number), last_success: expect.stringMatching(/Z$/) })

    await redis.stop()
    // A look that was under way when it stopped finds a connection that was closed.
    const after = await until(async () => {
      const response = await fetch(`${midwatch.url}/health`)
      const found = (await response.json()) as Health
      const isMissed = found.checks.queue?.reason === 'refused' && found.checks.db?.status === 'healthy'
      return isMissed ? { ...found, httpStatus: response.status } : undefined
    }, 'redis to be missed')
    expect(after).toMatchObject({
      status: 'degraded',
      httpStatus: 200,
      checks: { queue: { status: 'unhealthy', phase: 'connect' } },
    })

    await postgres[Symbol.asyncDispose]()
    await until(async () => (await health()).checks.db?.status === 'unhealthy', 'the database to be missed')
    expect((await fetch(`${midwatch.url}/health`)).status).toBe(503)
    await until(async () => {
      const answer = await midwatch.get<Alerts>('/api/v1/alerts')
      return answer.data.alerts.some(({ labels, state }) => labels.alertname === 'DatabaseDown' && state === 'pending')
    }, 'the shipped rule to see it')
    expect(midwatch.lines.join('\n')).not.toContain('not-asked-for')
  }, 180_000)
})
