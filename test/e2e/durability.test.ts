import { Agent, request } from 'node:http'
import { expect, test } from 'vitest'
import { Midwatch, tempFolder, until } from './midwatch.ts'

const RECORDS = 10_000
const TRACES = 500
const CLIENTS = 32

const traceOf = (n: number) => (n % TRACES).toString(16).padStart(8, '1').repeat(4)

/** One record by one POST; true when it was acknowledged. */
function send(url: string, agent: Agent, n: number): Promise<boolean> {
  const body = JSON.stringify({ event: 'step.done', actor: 'worker', resource: `step/${n}`, trace_id: traceOf(n) })
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call = request(`${url}/api/v1/audit`, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve((response.statusCode ?? 500) < 300))
      response.on('error', () => resolve(false))
    })
    call.on('error', () => resolve(false))
    call.end(body)
  })
}

test('ten thousand records from concurrent clients: a kill -9 loses none that was acknowledged, and the chain holds', async () => {
  using folder = tempFolder()
  await using before = await Midwatch.start(folder.path)
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const acknowledged = new Set<number>()
  const killAfter = Math.floor(RECORDS * (0.3 + 0.4 * Math.random()))
  let next = 0
  let killed: Promise<void> | undefined
  const client = async () => {
    while (next < RECORDS) {
      const n = next++
      if (!(await send(before.url, agent, n))) return
      acknowledged.add(n)
      if (acknowledged.size >= killAfter) killed ??= before.kill()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  await killed
  agent.destroy()
  expect(acknowledged.size).toBeGreaterThanOrEqual(killAfter)

  await using after = await Midwatch.start(folder.path)
  const found = new Set<number>()
  for (let trace = 0; trace < TRACES; trace++) {
    const response = await fetch(`${after.url}/api/v1/traces/${traceOf(trace)}`)
    if (response.status === 404) continue
    const { records } = (await response.json()) as { records: { resource: string }[] }
    for (const { resource } of records) found.add(Number(resource.slice('step/'.length)))
  }
  expect([...acknowledged].filter((n) => !found.has(n))).toEqual([])
  const report = await after.get<{ intact: boolean; records: number }>('/api/v1/audit/verify')
  expect(report.intact).toBe(true)
  expect(report.records).toBeGreaterThanOrEqual(acknowledged.size)
}, 240_000)

test('a counter that was acknowledged goes on after kill -9, and samples in memory come back from the journal', async () => {
  using folder = tempFolder()
  const config = 'evaluation: { cron: "* * * * * *" }\n'
  await using before = await Midwatch.start(folder.path, { config })
  const push = (midwatch: Midwatch, add: number) =>
    midwatch.post('/api/v1/metrics', [{ name: 'llm_calls_total', type: 'counter', labels: { model: 'm' }, add }])
  expect((await push(before, 3)).status).toBe(200)
  expect((await push(before, 4)).status).toBe(200)
  const query = async (midwatch: Midwatch, expression: string) => {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`
    const { data } = await midwatch.get<{ data: { result: { value: [number, string] }[] } }>(path)
    return data.result[0]?.value[1]
  }
  await until(async () => (await query(before, 'llm_calls_total')) === '7', 'the counter to be sampled')
  const samples = Number(await query(before, 'count_over_time(midwatch_uptime_seconds[1h])'))
  await before.kill()

  await using after = await Midwatch.start(folder.path)
  expect((await push(after, 5)).status).toBe(200)
  await until(async () => (await query(after, 'llm_calls_total')) === '12', 'the counter to go on')
  expect(await query(after, 'resets(llm_calls_total[1h])')).toBe('0')
  // At most the samples of the last moments are gone: nobody had been told that they are safe.
  expect(Number(await query(after, 'count_over_time(midwatch_uptime_seconds[1h])'))).toBeGreaterThanOrEqual(samples - 1)
}, 180_000)

test('a rule group that was acknowledged is there after kill -9, and one that was deleted is not', async () => {
  using folder = tempFolder()
  await using before = await Midwatch.start(folder.path, { config: 'shipped_rules: false\n' })
  const put = (name: string) =>
    fetch(`${before.url}/api/v1/rule-groups/shop/${name}`, {
      method: 'PUT',
      body: JSON.stringify({ rules: [{ record: `shop:${name}`, expr: 'vector(1)' }] }),
    })
  expect((await Promise.all(['a', 'b', 'c'].map(put))).map(({ status }) => status)).toEqual([201, 201, 201])
  const gone = await fetch(`${before.url}/config/v1/rules/shop/b`, { method: 'DELETE' })
  expect(gone.status).toBe(202)
  await before.kill()
  await using after = await Midwatch.start(folder.path)
  const { items } = await after.get<{ items: { name: string }[] }>('/api/v1/rule-groups')
  expect(items.map(({ name }) => name)).toEqual(['a', 'c'])
  const { data } = await after.get<{ data: { groups: { file: string; name: string }[] } }>('/api/v1/rules')
  expect(data.groups.map(({ file, name }) => `${file}/${name}`)).toEqual(['shop/a', 'shop/c'])
}, 180_000)
