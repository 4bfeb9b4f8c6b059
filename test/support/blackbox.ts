import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPeer } from './peers.ts'

/** Values by series as the exposition format writes it, labels sorted: `probe_http_duration_seconds{phase="tls"}`. */
export type Series = Readonly<Record<string, number>>

/** A running blackbox_exporter; `await using` stops it. */
export interface Blackbox extends AsyncDisposable {
  probe(module: string, target: string): Promise<Series>
}

/** @param modules its `modules`, as JSON is YAML */
export async function startBlackbox(path: string, modules: Readonly<Record<string, unknown>>): Promise<Blackbox> {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-blackbox-'))
  const file = join(folder, 'blackbox.yml')
  await writeFile(file, JSON.stringify({ modules }))
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const running = await startPeer(path, [`--config.file=${file}`, `--web.listen-address=${address}`], { ready: port })
  return {
    async probe(module, target) {
      const query = new URLSearchParams({ module, target })
      const response = await fetch(`http://${address}/probe?${query}`)
      const text = await response.text()
      if (!response.ok) throw new Error(`blackbox_exporter answered ${response.status}: ${text}`)
      return parseExposition(text)
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The key of a series in `Series`. */
export function seriesKey(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0
    ? name
    : `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join()}}`
}

function parseExposition(text: string): Series {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', labelText = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      const labels = [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', written]) => [
        label,
        JSON.parse(`"${written}"`) as string,
      ])
      return [seriesKey(name, Object.fromEntries(labels)), Number(value)]
    }),
  )
}
