import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { midwatch as command } from '../support/cli.ts'
import { describePeer } from '../support/peers.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

const run = promisify(execFile)

const CONFIG = `
server: { external_url: http://watch.example.org }
notify:
  slack: https://hooks.slack.com/services/T000/B000/secret
  group_wait: 1s
  group_interval: 1s
`

const ROUTED = `
shipped_rules: false
alertmanager:
  route:
    receiver: rest
    routes:
      - { receiver: page, matchers: [severity="critical"], continue: true }
      - { receiver: shop, matchers: [team="shop"] }
  receivers:
    - { name: rest, webhook_configs: [{ url: http://127.0.0.1:1/ }] }
    - { name: page, pagerduty_configs: [{ routing_key: R0UTINGKEY }] }
    - { name: shop }
    - { name: unused }
  inhibit_rules:
    - { source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [node] }
`

describePeer('amtool', (amtool) => {
  async function start(folder: string, config = CONFIG.replace(/^server.*$/m, '')) {
    const midwatch = await Midwatch.start(folder, { config })
    const tool = async (...args: string[]) => {
      const { stdout } = await run(amtool, [`--alertmanager.url=${midwatch.url}`, ...args])
      return stdout
    }
    const alerts = async (...args: string[]) => JSON.parse(await tool('-o', 'json', 'alert', 'query', ...args))
    return { midwatch, tool, alerts }
  }

  test('adds alerts and finds them by matchers, and they outlive a kill', async () => {
    using folder = tempFolder()
    const first = await start(folder.path)
    await first.tool(
      'alert',
      'add',
      'DiskFull',
      'severity=critical',
      'instance=web-1',
      '--annotation=summary=it is full',
    )
    await first.tool('alert', 'add', 'DiskFull', 'severity=low', 'instance=web-2')
    const found = await first.alerts('instance=~web-.*', 'severity=critical')
    expect(found).toMatchObject([
      {
        labels: { alertname: 'DiskFull', instance: 'web-1', severity: 'critical' },
        annotations: { summary: 'it is full' },
        receivers: [{ name: 'critical' }],
        status: { silencedBy: [], inhibitedBy: [] },
      },
    ])
    expect(await first.alerts('DiskFull')).toHaveLength(2)
    expect(await first.alerts('severity!~critical|low')).toEqual([])
    await first.midwatch.kill()
    const second = await start(folder.path)
    expect(await second.alerts()).toHaveLength(2)
    await second.midwatch[Symbol.asyncDispose]()
  }, 180_000)

  test('reads alerts that somebody has taken on as all others', async () => {
    using folder = tempFolder()
    const { midwatch, tool, alerts } = await start(folder.path)
    await using _ = midwatch
    await tool('alert', 'add', 'DiskFull', 'instance=web-1')
    const [{ fingerprint }] = (await midwatch.get('/api/v2/alerts')) as [{ fingerprint: string }]
    const taken = await midwatch.post(`/api/v1/alerts/${fingerprint}/ack`, { by: 'maya', reason: 'on it' })
    expect(taken.status).toBe(200)
    expect(await midwatch.get('/api/v2/alerts')).toMatchObject([{ acknowledgement: { by: 'maya', reason: 'on it' } }])
    expect(await alerts()).toMatchObject([{ labels: { instance: 'web-1' }, status: { state: 'active' } }])
    expect(await tool('alert', 'query', 'instance=web-1')).toContain('DiskFull')
  })

  test('silences, changes, ends and imports silences, and alerts show which silences them', async () => {
    using folder = tempFolder()
    const { midwatch, tool, alerts } = await start(folder.path)
    await using _ = midwatch
    await tool('alert', 'add', 'DiskFull', 'instance=web-1')
    const id = (await tool('silence', 'add', 'instance=web-1', '-c', 'moving disks', '-a', 'ops', '-d', '2h')).trim()
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect((await tool('silence', 'query', 'instance=web-1')).split('\n')[1]).toContain('moving disks')
    await until(async () => (await alerts('--silenced')).length === 1, 'the alert to be silenced')
    expect(await alerts('--silenced')).toMatchObject([{ status: { state: 'suppressed', silencedBy: [id] } }])
    expect(await alerts()).toEqual([])
    const [before] = JSON.parse(await tool('-o', 'json', 'silence', 'query'))
    await tool('silence', 'update', '-d', '4h', id)
    const exported = await tool('-o', 'json', 'silence', 'query')
    const [after] = JSON.parse(exported)
    expect(after).toMatchObject({ createdBy: 'ops', comment: 'moving disks' })
    expect(Date.parse(after.endsAt)).toBeGreaterThan(Date.parse(before.endsAt))
    await tool('silence', 'expire', after.id)
    expect(JSON.parse(await tool('-o', 'json', 'silence', 'query'))).toEqual([])
    expect(await alerts()).toHaveLength(1)
    const importing = execFile(amtool, [`--alertmanager.url=${midwatch.url}`, 'silence', 'import', '--force'])
    importing.stdin?.end(exported)
    await new Promise((resolve) => importing.on('exit', resolve))
    expect(JSON.parse(await tool('-o', 'json', 'silence', 'query'))).toHaveLength(1)
    await expect(tool('silence', 'expire', '00000000-0000-0000-0000-000000000000')).rejects.toThrow('status 404')
  }, 180_000)

  test('queries alerts by receiver, state and matcher, and adds them with a start, an end and a link', async () => {
    using folder = tempFolder()
    const { midwatch, tool, alerts } = await start(folder.path, ROUTED)
    await using _ = midwatch
    const [startsAt, endsAt] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)].map(goTime)
    const times = [`--start=${startsAt}`, `--end=${endsAt}`, '--generator-url=http://g.example.org/1']
    await tool('alert', 'add', 'Down', 'team=shop', 'severity=critical', 'node=n1', ...times)
    await tool('alert', 'add', 'alertname=Slow', 'severity=warning', 'node=n1')
    const [down] = await alerts('--receiver=shop.*')
    expect(down).toMatchObject({ labels: { alertname: 'Down' }, generatorURL: 'http://g.example.org/1' })
    expect([down.startsAt, down.endsAt].map((text) => Date.parse(text))).toEqual(
      [startsAt, endsAt].map((text) => Date.parse(text as string)),
    )
    const [slow] = await alerts('--inhibited', 'Slow')
    expect(slow.status).toMatchObject({ state: 'suppressed', inhibitedBy: [down.fingerprint] })
    expect(await alerts('--active', 'node=n1')).toHaveLength(1)
    expect(await tool('-o', 'extended', 'alert', 'query', '--active', '--inhibited', 'node=n1')).toMatch(
      /Labels .*\n.*(?:Down|Slow).*\n.*(?:Down|Slow)/,
    )
  }, 180_000)

  test('finds silences by matchers, age and end, and ends all that a query names', async () => {
    using folder = tempFolder()
    const { midwatch, tool } = await start(folder.path)
    await using _ = midwatch
    const made = async (...args: string[]) => (await tool('silence', 'add', '-c', 'why', '-a', 'ops', ...args)).trim()
    const now = await made('DiskFull', 'instance=~web-.*', '-d', '30m')
    const not = await made('team!=shop', 'env=prod', '-d', '3h')
    const later = await made('alertname=Later', `--start=${goTime(new Date(Date.now() + 60_000))}`, '-d', '2h')
    const ids = async (...args: string[]) => (await tool('silence', 'query', '-q', ...args)).split('\n').filter(Boolean)
    expect((await ids()).sort()).toEqual([now, not, later].sort())
    expect(await ids('instance=~web-.*')).toEqual([now])
    expect(await ids('--within=1h')).toEqual([now])
    expect(await tool('-o', 'extended', 'silence', 'query', 'team!=shop')).toContain('team!="shop"')
    const updated = JSON.parse(await tool('-o', 'json', 'silence', 'update', '-c', 'still', '-d', '1h', now))
    expect(updated).toMatchObject([{ id: now, comment: 'still', createdBy: 'ops' }])
    await tool('silence', 'expire', ...(await ids()))
    expect(await ids()).toEqual([])
    expect((await ids('--expired')).sort()).toEqual([now, not, later].sort())
    await expect(tool('silence', 'add', '-c', 'too much', 'alertname=~.*')).rejects.toThrow('[400]')
  }, 180_000)

  test('shows the configuration, its routes and who is told, as from the file that is exported', async () => {
    using folder = tempFolder()
    const { midwatch, tool } = await start(folder.path, ROUTED)
    await using _ = midwatch
    const shown = await tool('config', 'show')
    expect(shown).toContain('receiver: shop')
    expect(shown).not.toContain('R0UTINGKEY')
    expect(await tool('config', 'routes', 'show')).toMatch(/default-route[\s\S]*team="shop"[\s\S]*receiver: shop/)

    const exported = join(folder.path, 'out')
    const { code } = await command([
      'export',
      exported,
      '--only',
      'alertmanager',
      '--config',
      `${folder.path}/midwatch.yml`,
    ])
    expect(code).toBe(0)
    const file = join(exported, 'alertmanager', 'alertmanager.yml')
    const check = await run(amtool, ['check-config', file])
    expect(check.stdout).toMatch(/SUCCESS[\s\S]*1 inhibit rules[\s\S]*4 receivers/)
    const labels = [
      ['alertname=A'],
      ['team=shop'],
      ['team=shop', 'severity=critical'],
      ['severity=critical', 'env=prod'],
      ['severity=warning', 'team=pay'],
    ]
    const told: string[] = []
    for (const each of labels) {
      const online = await tool('config', 'routes', 'test', ...each)
      const { stdout: offline } = await run(amtool, ['config', 'routes', 'test', `--config.file=${file}`, ...each])
      const ours = await command(['routes', 'test', '--config', `${folder.path}/midwatch.yml`, ...each])
      expect([online.trim(), ours.out.split('\n')[0]]).toEqual([offline.trim(), offline.trim()])
      told.push(online.trim())
    }
    expect(told).toEqual(['rest', 'shop', 'page,shop', 'page', 'rest'])
    await expect(tool('config', 'routes', 'test', '--verify.receivers=rest', 'team=shop')).rejects.toThrow()
  }, 180_000)
})

/** A time without parts of a second, as Go reads it. */
function goTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}
