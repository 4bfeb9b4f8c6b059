import { readdirSync, readFileSync } from 'node:fs'
import { root } from '../rules/shipped.ts'
import type { Surroundings } from './faults.ts'
import { kpiAlerts, sampleSeries } from './sample-data.ts'
import type { JsonObject } from './written-dashboard.ts'

export const FOLDER = `${root}dashboards`

/** Every file in `dashboards/`, as it stands there. */
export const shipped: ReadonlyMap<string, JsonObject> = new Map(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as JsonObject]),
)

const labels = new Map<string, Set<string>>()
for (const { name, labels: pairs } of sampleSeries) {
  const known = labels.get(name) ?? new Set()
  for (const label of Object.keys(pairs)) known.add(label)
  labels.set(name, known)
}

export const surroundings: Surroundings = {
  all: shipped,
  labelsOf: (metric) => labels.get(metric),
  otherAlerts: kpiAlerts,
}
