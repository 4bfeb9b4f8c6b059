import { Agent, request } from 'node:http'

/** Asks one program over one connection that stays open. */
export class Client {
  #url
  #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(url) {
    this.#url = url
  }

  /**
   * @param parameters of Prometheus' query API: `time`, or `start`, `end` and `step`
   * @returns milliseconds from the question to the last byte of the answer, and its series
   */
  async query(expr, parameters) {
    const path = 'start' in parameters ? 'query_range' : 'query'
    const { ms, status, body } = await this.#get(
      `/api/v1/${path}?${new URLSearchParams({ query: expr, ...parameters })}`,
    )
    if (status !== 200) throw new Error(`${this.#url} answered ${status} for ${expr}: ${body.slice(0, 300)}`)
    return { ms, series: seriesOf(JSON.parse(body).data.result) }
  }

  close() {
    this.#agent.destroy()
  }

  #get(path) {
    return new Promise((resolve, reject) => {
      const startMs = performance.now()
      const call = request(this.#url + path, { agent: this.#agent }, (response) => {
        const pieces = []
        response.on('data', (piece) => pieces.push(piece))
        response.on('end', () => {
          const ms = performance.now() - startMs
          resolve({ ms, status: response.statusCode, body: Buffer.concat(pieces).toString() })
        })
      })
      call.on('error', reject)
      call.end()
    })
  }
}

/** Values by series and time. */
function seriesOf(result) {
  const values = new Map()
  for (const { metric, value, values: range = [value] } of result) {
    const { __name__: _, ...labels } = metric
    const key = JSON.stringify(Object.entries(labels).sort())
    for (const [seconds, text] of range) values.set(`${key} ${seconds}`, Number(text))
  }
  return values
}

/** The largest relative difference between two answers; infinite where one has a series that the other has not. */
export function differenceOf(ours, theirs) {
  if (ours.size === 0 || ours.size !== theirs.size) return Infinity
  let largest = 0
  for (const [key, value] of ours) {
    const other = theirs.get(key)
    if (other === undefined) return Infinity
    const scale = Math.max(Math.abs(value), Math.abs(other))
    if (scale > 0 && !Object.is(value, other)) largest = Math.max(largest, Math.abs(value - other) / scale)
  }
  return largest
}
