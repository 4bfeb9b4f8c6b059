import { Agent, request } from 'node:http'
import { median, percentile, startMidwatch, timedGet } from './support.mjs'

const RECORDS = 1_000_000
const BATCH = 5000
const LIMIT_MS = 5

const traceOf = (i) => ((i % (RECORDS / 4)) + 1).toString(16).padStart(8, '0').repeat(4)

function post(url, agent, body) {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/x-ndjson' } },
      (response) => {
        response.resume()
        response.on('end', () =>
          response.statusCode < 300 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
        )
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

export const auditLookup = {
  name: 'journey of one trace id among 1,000,000 audit records over HTTP, p50 / p99 ms',
  bar: `p99 <= ${LIMIT_MS}`,
  async run() {
    const midwatch = await startMidwatch('{}')
    const agent = new Agent({ keepAlive: true })
    const startMs = performance.now()
    for (let done = 0; done < RECORDS; done += BATCH) {
      const lines = Array.from({ length: BATCH }, (_, i) =>
        JSON.stringify({
          event: 'step.done',
          actor: 'bench',
          action: 'run',
          resource: `task/${done + i}`,
          trace_id: traceOf(done + i),
        }),
      )
      await post(`${midwatch.url}/api/v1/audit`, agent, lines.join('\n'))
    }
    const rate = RECORDS / ((performance.now() - startMs) / 1000)
    const times = []
    for (let i = 0; i < 2000; i++) {
      const id = traceOf(Math.floor(Math.random() * RECORDS))
      const { ms, status } = await timedGet(`${midwatch.url}/api/v1/traces/${id}`, agent)
      if (status !== 200) throw new Error(`a trace was not found: ${status}`)
      times.push(ms)
    }
    agent.destroy()
    await midwatch.stop()
    const p99 = percentile(times, 0.99)
    return {
      ours: `${median(times).toFixed(2)} / ${p99.toFixed(2)} (${Math.round(rate)} records/s taken)`,
      pass: p99 <= LIMIT_MS,
    }
  },
}
