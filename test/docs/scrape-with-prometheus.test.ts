import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runPeer, testWithPeer } from '../support/peers.ts'

const PAGE = join(import.meta.dirname, '../../docs/how-to/scrape-with-prometheus.md')

async function examples(): Promise<string[]> {
  const page = await readFile(PAGE, 'utf8')
  return [...page.matchAll(/```yaml\n# prometheus\.yml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
}

test('shows a config for each of the three ways', async () => {
  expect(await examples()).toHaveLength(3)
})

testWithPeer('promtool', 'promtool accepts every config of the page', async (promtool) => {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-docs-'))
  try {
    await writeFile(join(folder, 'token'), 'a-token')
    const file = join(folder, 'prometheus.yml')
    for (const yaml of await examples()) {
      await writeFile(file, yaml.replace('/etc/prometheus/midwatch.token', join(folder, 'token')))
      const { code, stderr } = await runPeer(promtool, ['check', 'config', file])
      expect([code, stderr]).toEqual([0, ''])
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
