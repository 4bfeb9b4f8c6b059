import { expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import { folder, type Running, start } from '../app/people.ts'
import { midwatch } from '../support/cli.ts'

async function withAlerts(): Promise<{ readonly app: Running; readonly data: string }> {
  const data = folder()
  const app = await start(data)
  const alerts = ['web-1', 'web-2', 'db-1'].map((host) => ({ labels: { alertname: 'DiskFull', host } }))
  expect((await app.ask('POST', '/api/v2/alerts', alerts)).status).toBe(200)
  return { app, data }
}

/** Who has taken on which alert. */
async function taken({ ask }: Running) {
  const alerts = JSON.parse((await ask('GET', '/api/v2/alerts')).text) as {
    labels: { host: string }
    acknowledgement?: { by: string; reason: string }
  }[]
  return Object.fromEntries(
    alerts.flatMap(({ labels, acknowledgement }) =>
      acknowledgement === undefined ? [] : [[labels.host, `${acknowledgement.by}: ${acknowledgement.reason}`]],
    ),
  )
}

test('takes on every alert that has the labels, and gives back those of them that were taken on', async () => {
  const { app, data } = await withAlerts()
  const made = await midwatch([
    'ack',
    'host=~web-.',
    'alertname=DiskFull',
    '--by',
    'maya',
    '--reason',
    'on it',
    '--data',
    data,
  ])
  expect(made).toMatchObject({ err: '', code: 0 })
  expect(made.out.split('\n').sort()).toEqual([
    '',
    expect.stringMatching(/^\{alertname="DiskFull", host="web-1"\} is acknowledged by maya until \d{4}-[\d-]+T/),
    expect.stringMatching(/^\{alertname="DiskFull", host="web-2"\} is acknowledged by maya until \d{4}-[\d-]+T/),
  ])
  expect(await taken(app)).toEqual({ 'web-1': 'maya: on it', 'web-2': 'maya: on it' })
  const back = await midwatch(['unack', 'alertname=DiskFull', '--data', data])
  expect(back.out.split('\n')).toHaveLength(3)
  expect(await taken(app)).toEqual({})
})

test('takes an alert on by its fingerprint, in the name of who is here, and prints it as JSON', async () => {
  const { app, data } = await withAlerts()
  const id = fingerprint(Labels.of({ alertname: 'DiskFull', host: 'db-1' }))
  const { out, code } = await midwatch(['ack', id, '--for', '30m', '--json', '--data', data])
  expect(code).toBe(0)
  const [one] = JSON.parse(out) as { fingerprint: string; by: string; at: string; until: string }[]
  expect(one?.fingerprint).toBe(id)
  expect(Date.parse(one?.until ?? '') - Date.parse(one?.at ?? '')).toBe(30 * 60_000)
  expect(await taken(app)).toEqual({ 'db-1': `${one?.by}: ` })
})

test.each([
  [['ack', 'alertname=Nothing'], 1, 'no alert is meant by alertname="Nothing": none fires that has them\n'],
  [['ack', '0123456789abcdef'], 1, 'no alert 0123456789abcdef fires\n'],
  [['ack', 'alertname=DiskFull', '--for', 'soon'], 1, 'for: is no duration of up to 30d; write one such as 2h\n'],
  [['ack', 'DiskFull'], 2, '"DiskFull" is no matcher; write name=value, such as severity=critical\n'],
  [['unack', 'host=db-1'], 1, 'no alert is meant by host="db-1": none fires that has them\n'],
])('%j says what is wrong', async (args, code, err) => {
  const { app, data } = await withAlerts()
  expect(await midwatch([...args, '--data', data])).toEqual({ out: '', err, code })
  expect(await taken(app)).toEqual({})
})
