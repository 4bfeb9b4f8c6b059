import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { describePeers } from '../support/peers.ts'

const peers = [
  'prometheus',
  'promtool',
  'alertmanager',
  'amtool',
  'prometheus-blackbox-exporter',
  'prometheus-node-exporter',
  'nginx',
  'postgres',
] as const

describePeers(peers, () => {
  test('a stack that starts on what was handed over fires, resolves and tells as midwatch does, and answers its dashboards with the same numbers', async () => {
    const script = resolve(import.meta.dirname, '../../scripts/drill.mjs')
    const child = spawn(process.execPath, [script, '--short'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += String(piece)))
    const [code] = (await once(child, 'close')) as [number]
    expect(said).toMatch(/\d+ rows: \d+ the same, \d+ with a reason, 0 different/)
    expect(said).not.toMatch(/^(?:refused|not installed): /m)
    expect(code).toBe(0)
  }, 600_000)
})
