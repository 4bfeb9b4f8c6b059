import { readKpiFiles } from '../../src/config/kpis.ts'
import { formatProblem } from '../../src/model/problem.ts'
import type { Kpi } from '../../src/objective/kpi.ts'

/** A file with these entries; each is a line of YAML, such as `{ name: load, unit: percent }`. */
export function kpiFile(...entries: readonly string[]): string {
  return `schema_version: 2\nkpis:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`
}

/** What is wrong with a file, a line each. */
export function problemsOf(text: string): readonly string[] {
  return readKpiFiles([{ file: 'kpis.yml', text }]).problems.map(formatProblem)
}

/** @throws Error when there is a mistake in the file */
export function kpisOf(text: string): readonly Kpi[] {
  const { kpis, problems } = readKpiFiles([{ file: 'kpis.yml', text }])
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  return kpis
}

export function kpiOf(entry: string): Kpi {
  return kpisOf(kpiFile(entry))[0] as Kpi
}
