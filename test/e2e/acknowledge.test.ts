import { expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import { type FakeWeb, fakeWeb } from '../notify/channel/fakes.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

const LABELS = { alertname: 'DiskFull', host: 'web-1' }
const ID = fingerprint(Labels.of(LABELS))

/** A group is looked at every second and repeated at every other look; two steps follow. */
function configFor({ server }: FakeWeb, first: string, second: string): string {
  const receiver = (name: string) =>
    `    - { name: ${name}, webhook_configs: [{ url: "http://${server.address}/${name}" }] }`
  return `
shipped_rules: false
evaluation: { cron: "* * * * * *" }
notify:
  escalation:
    team: [{ after: ${first}, to: [lead] }, { after: ${second}, to: [boss] }]
alertmanager:
  route: { receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s }
  receivers:
${['team', 'lead', 'boss'].map(receiver).join('\n')}
`
}

/** What each receiver was told, in order: \`firing 1\`, \`resolved 1\`. */
function toldTo({ taken }: FakeWeb, name: string): readonly string[] {
  return taken
    .filter(({ path }) => path === `/${name}`)
    .map(({ body }) => {
      const { status, alerts } = JSON.parse(body) as { status: string; alerts: unknown[] }
      return `${status} ${alerts.length}`
    })
}

async function fire(midwatch: Midwatch, endsAt?: string): Promise<void> {
  const alert = { labels: LABELS, ...(endsAt === undefined ? {} : { endsAt }) }
  expect((await midwatch.post('/api/v2/alerts', [alert])).status).toBe(200)
}

test('what nobody takes on goes on to every step once, and its end to everybody who was told, over a crash', async () => {
  await using hooks = await fakeWeb((response) => response.end())
  using folder = tempFolder()
  // The second step is far enough away that it comes after the crash on any machine.
  const config = configFor(hooks, '2s', '12s')
  const first = await Midwatch.start(folder.path, { config })
  await fire(first)
  await until(() => toldTo(hooks, 'lead').length > 0, 'the first step to be told')
  expect(toldTo(hooks, 'team').length).toBeGreaterThan(0)
  await first.kill()
  await using second = await Midwatch.start(folder.path, { config })
  await until(() => toldTo(hooks, 'boss').length > 0, 'the second step to be told')
  await fire(second, new Date().toISOString())
  for (const name of ['team', 'lead', 'boss']) {
    await until(() => toldTo(hooks, name).at(-1) === 'resolved 1', `${name} to hear of the end`)
  }
  // A message that was on its way in the crash may come twice, and no step is told again.
  expect([...new Set(toldTo(hooks, 'lead'))]).toEqual(['firing 1', 'resolved 1'])
  expect(toldTo(hooks, 'boss')).toEqual(['firing 1', 'resolved 1'])
}, 180_000)

test('what somebody has taken on is neither repeated nor escalated, also after a crash, until it ends', async () => {
  await using hooks = await fakeWeb((response) => response.end())
  using folder = tempFolder()
  const config = configFor(hooks, '8s', '9s')
  const first = await Midwatch.start(folder.path, { config })
  await fire(first)
  await until(() => toldTo(hooks, 'team').length > 0, 'the alert to be told')
  const toldMs = Date.now()
  const answer = await first.post(`/api/v1/alerts/${ID}/ack`, { by: 'maya', reason: 'on it', for: '1h' })
  expect(answer.status).toBe(200)
  await first.kill()
  await using second = await Midwatch.start(folder.path, { config })
  // What was on its way when it was taken on is told; from then on, looks at the group decide that nothing is.
  const held = () =>
    second.get<{ events: { kind: string; detail: string; times: number }[]; routes: unknown }>(
      `/api/v1/alerts/${ID}/timeline`,
    )
  await until(async () => {
    const { events } = await held()
    return events.some(({ kind, detail }) => kind === 'acknowledged' && detail.startsWith('not repeated'))
  }, 'a repetition to be held back')
  await until(async () => {
    const { channels } = await second.get<{ channels: Record<string, { waiting: number }> }>('/health')
    return Object.values(channels).every(({ waiting }) => waiting === 0)
  }, 'what was on its way to be told')
  const before = toldTo(hooks, 'team').length
  const heldMs = Date.now()
  await until(
    () => Date.now() > Math.max(heldMs + 3000, toldMs + 11_000),
    'the times of repetitions and of both steps to pass',
  )
  expect(toldTo(hooks, 'team')).toHaveLength(before)
  expect(toldTo(hooks, 'lead')).toEqual([])
  expect(toldTo(hooks, 'boss')).toEqual([])
  await fire(second, new Date().toISOString())
  await until(() => toldTo(hooks, 'team').at(-1) === 'resolved 1', 'the end to be told')
  expect([...toldTo(hooks, 'lead'), ...toldTo(hooks, 'boss')]).toEqual([])
}, 180_000)
