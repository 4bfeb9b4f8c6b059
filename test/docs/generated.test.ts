import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optionsOf } from '../../scripts/docs/options.ts'
import { pages } from '../../scripts/docs/registry.ts'
import { probeSchema } from '../../src/config/check.ts'
import { heartbeat } from '../../src/config/heartbeat.ts'
import { document } from '../../src/config/schema.ts'
import { probes } from '../../src/probe/registry.ts'

const ROOT = join(import.meta.dirname, '../..')

test.each(pages)('$file is what npm run docs writes', async ({ file, text }) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toBe(await text())
})

const schemas = [
  ['midwatch.yml', document],
  ['every check', probeSchema],
  ['heartbeat', heartbeat],
  ...probes.map(({ key, config }) => [key, config] as const),
] as const

test.each(schemas)('every key of %s says what it is', (_name, schema) => {
  const silent = optionsOf(schema).filter(
    ({ path, kind, isSecret, description }) =>
      // These mean what they mean in Prometheus and in Alertmanager, and keys that only hold others say nothing.
      !/^(?:scrape_configs|alertmanager)\b/.test(path) && kind !== 'keys' && !isSecret && description === '',
  )
  expect(silent.map(({ path }) => path)).toEqual([])
})
