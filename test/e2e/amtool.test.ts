import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
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

describePeer('amtool', (amtool) => {
  async function start(folder: string) {
    const midwatch = await Midwatch.start(folder, { config: CONFIG.replace(/^server.*$/m, '') })
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
  })

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
  })
})
