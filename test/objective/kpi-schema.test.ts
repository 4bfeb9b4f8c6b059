import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from '../rules/shipped.ts'

const written = JSON.parse(readFileSync(`${root}docs/reference/kpis.schema.json`, 'utf8'))
const schema = z.fromJSONSchema(written)
const example = () =>
  parse(readFileSync(`${root}docs/examples/kpis.yml`, 'utf8')) as { kpis: Record<string, unknown>[] }

test('the schema for editors takes the example', () => {
  expect(schema.safeParse(example()).error?.issues).toBeUndefined()
})

test.each([
  ['a key that is misspelt', { unit: undefined, unitt: 'percent' }],
  ['no unit', { unit: undefined }],
  ['a name with capitals', { name: 'Load' }],
  ['an aggregation that is none', { aggregations: ['median'] }],
  ['a limit that is a text', { thresholds: { critical: { high: 'ninety' } } }],
  ['a panel that is none', { dashboard: { panel: 'pie' } }],
  ['an objective above all of it', { slo: { objective: 101 } }],
])('the schema for editors finds %s', (_what, change) => {
  const file = example()
  expect(schema.safeParse({ ...file, kpis: [{ ...file.kpis[0], ...change }] }).success).toBe(false)
})

test('the schema for editors says of every key what it is', () => {
  const entry = written.properties.kpis.items.properties as Record<string, { description?: string }>
  expect(Object.keys(entry).filter((key) => !entry[key]?.description)).toEqual([])
})
