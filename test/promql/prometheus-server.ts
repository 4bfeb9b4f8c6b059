import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPeer } from '../support/peers.ts'
import { encodeRemoteWrite, type WrittenSeries } from './written-series.ts'

/** What the HTTP API says; the result as it stands there. */
export interface Answer {
  readonly status: 'success' | 'error'
  readonly error?: string
  readonly data?: { readonly resultType: string; readonly result: unknown }
}

/** A Prometheus of its own, with a folder of its own, asked over connections that stay open. */
export interface PrometheusServer {
  readonly url: string
  ask(path: 'query' | 'query_range' | 'format_query', parameters: Readonly<Record<string, string>>): Promise<Answer>
  write(series: readonly WrittenSeries[]): Promise<void>
  stop(): Promise<void>
}

/** @param fill puts blocks into the folder of its data before it starts */
export async function startPrometheus(
  program: string,
  fill: (data: string) => Promise<void> = async () => {},
): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'promql-'))
  await fill(join(folder, 'data'))
  await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
  const port = await freePort()
  const flags = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=100y',
    // Prometheus 2 takes a sample of exactly this age, Prometheus 3 does not.
    '--query.lookback-delta=299999ms',
    '--web.enable-remote-write-receiver',
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const peer = await startPeer(program, flags, { ready: /ready to receive web requests/, readyWithinMs: 60_000 })
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })

  const post = (path: string, headers: Record<string, string>, body: string | Buffer): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: `/api/v1/${path}`, method: 'POST', agent, headers })
      sent.on('error', reject).on('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', reject).on('end', () => resolve([response.statusCode ?? 0, text]))
      })
      sent.end(body)
    })

  return {
    url: `http://127.0.0.1:${port}`,
    async ask(path, parameters) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const [, text] = await post(path, headers, new URLSearchParams(parameters).toString())
      return JSON.parse(text) as Answer
    },
    async write(series) {
      const headers = {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      }
      const [status, text] = await post('write', headers, encodeRemoteWrite(series))
      if (status !== 204 && status !== 200) throw new Error(`remote write: ${status} ${text}`)
    },
    async stop() {
      agent.destroy()
      await peer.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
