import { expect, test } from 'vitest'
import { readKpiFiles } from '../../src/config/kpis.ts'
import { formatProblem } from '../../src/model/problem.ts'
import { kpisOf } from './kpi-support.ts'

const OLD = `schema_version: 1
namespace: agent
kpis:
  cognitive_load:
    type: gauge
    unit: percent
    labels: [team]
    thresholds: { warning: 75, critical: 90, for: 5m }
    panel: number
    row: People
  stock:
    unit: ratio
    thresholds: { warning: 0.9, critical: 0.8, direction: below }
`
const NEW = `schema_version: 2
namespace: agent
kpis:
  - name: cognitive_load
    kind: gauge
    unit: percent
    labels: [team]
    thresholds: { warning: { high: 75 }, critical: { high: 90 }, for: 5m }
    dashboard: { panel: number, place: People }
  - name: stock
    unit: ratio
    thresholds: { warning: { low: 0.9 }, critical: { low: 0.8 } }
`

test('a file of version 1 is read as what it means now, with a word on how to bring it up to date', () => {
  const { kpis, problems } = readKpiFiles([{ file: 'kpis.yml', text: OLD }])
  const withoutPlaces = (all: typeof kpis) => all.map(({ origin: _, ...kpi }) => kpi)
  expect(withoutPlaces(kpis)).toEqual(withoutPlaces(kpisOf(NEW)))
  expect(problems.map(formatProblem)).toEqual([
    'kpis.yml:1:1: schema_version: warning: version 1 is read as version 2; bring the file up to it with: midwatch kpi migrate kpis.yml',
  ])
})

test('a mistake in a file of version 1 is told where it stands', () => {
  const { problems } = readKpiFiles([
    { file: 'kpis.yml', text: OLD.replace('unit: ratio', 'unit: ratio\n    window: soon') },
  ])
  expect(problems.map(formatProblem)).toContain(
    'kpis.yml:13:13: kpis[1].window: "soon" is not a duration; write one such as 30s, 5m or 1h',
  )
})
