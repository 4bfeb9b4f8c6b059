import { readYaml, type YamlNode } from '../lib/yaml.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { Kpi } from '../objective/kpi.ts'
import { cardinalityWarning } from '../objective/kpi-cardinality.ts'
import { dependencyProblems } from '../objective/kpi-graph.ts'
import { migrateKpis } from '../objective/kpi-migrate.ts'
import { readKpi } from '../objective/kpi-read.ts'
import { kpiGroup } from '../objective/kpi-rules.ts'
import { KPI_SCHEMA_VERSION, kpiFile, type WrittenKpiFile } from '../objective/kpi-schema.ts'
import { kpiSlo } from '../objective/kpi-slo.ts'
import type { Slo } from '../objective/slo.ts'
import { Collector } from './collector.ts'
import type { Config } from './config.ts'
import { explain, sayPlainly } from './explain.ts'
import { readMatching } from './matching-files.ts'
import { typedValue } from './typed.ts'
import { fromYaml, placeAt, type Written } from './written.ts'

/** What the files of KPIs come to; with an error among the problems it must not be used. */
export interface LoadedKpis {
  readonly kpis: readonly Kpi[]
  readonly groups: readonly RuleGroup[]
  /** Objectives of KPIs that have one. */
  readonly slos: readonly Slo[]
  readonly problems: readonly Problem[]
  /** The files that were read, for the watcher. */
  readonly files: readonly string[]
}

/** Reads and compiles the files of KPIs. */
export async function loadKpis({ kpiFiles, storage }: Pick<Config, 'kpiFiles' | 'storage'>): Promise<LoadedKpis> {
  const problems: Problem[] = []
  const files: string[] = []
  const texts: { readonly file: string; readonly text: string }[] = []
  for await (const one of readMatching(kpiFiles, 'kpi_files', { problems, files })) texts.push(one)
  const read = readKpiFiles(texts)
  const warnings = read.kpis.flatMap((kpi): Problem[] => {
    const message = cardinalityWarning(kpi, storage.limits.seriesPerMetric)
    return message === undefined ? [] : [{ ...kpi.origin, message: `${kpi.name}: ${message}`, severity: 'warning' }]
  })
  return {
    kpis: read.kpis,
    groups: read.kpis.map(kpiGroup),
    slos: read.kpis.flatMap((kpi) => kpiSlo(kpi) ?? []),
    problems: [...problems, ...read.problems, ...warnings],
    files,
  }
}

/** Reads texts as files of KPIs, and compares all of them with one another. Never throws. */
export function readKpiFiles(texts: readonly { readonly file: string; readonly text: string }[]): {
  readonly kpis: readonly Kpi[]
  readonly problems: readonly Problem[]
} {
  const read = texts.map(({ file, text }) => readKpiFile(text, file))
  const kpis = read.flatMap((one) => one.kpis)
  const problems = [...read.flatMap((one) => one.problems), ...repeated(kpis), ...dependencyProblems(kpis)]
  return { kpis, problems }
}

function readKpiFile(
  text: string,
  file: string,
): { readonly kpis: readonly Kpi[]; readonly problems: readonly Problem[] } {
  const { root, problems } = readYaml(text, file)
  if (root === undefined) return { kpis: [], problems }
  const { root: newest, version, fault } = migrateKpis(root)
  const collector = new Collector()
  if (fault !== undefined) {
    const { message, ...place } = fault
    collector.add({ file, ...place }, ['schema_version'], message)
    collector.settle(['schema_version'])
  } else if (version < KPI_SCHEMA_VERSION) {
    const message = `version ${version} is read as version ${KPI_SCHEMA_VERSION}; bring the file up to it with: midwatch kpi migrate ${file}`
    collector.add({ file, line: 1, column: 1 }, ['schema_version'], message, 'warning')
  }
  const written = writtenOf(newest, file)
  const parsed = parseKpis(written, collector)
  const kpis = (parsed?.kpis ?? []).map((entry, i) => {
    const at = ['kpis', i]
    const { line = 1, column = 1 } = placeAt(written, at)
    return readKpi(entry, {
      namespace: parsed?.namespace,
      origin: { file, line, column },
      complain: (path, message) => collector.add(placeAt(written, [...at, ...path]), [...at, ...path], message),
    })
  })
  return { kpis, problems: [...problems, ...collector.problems()] }
}

function writtenOf(root: YamlNode, file: string): Written {
  return fromYaml(
    root,
    file,
    (text) => ({ text, source: text, faults: [] }),
    (key) => key,
  )
}

function parseKpis(written: Written, collector: Collector): WrittenKpiFile | undefined {
  const tools = { collector, readSecretFile: () => undefined, hint: () => undefined }
  const value = typedValue(written, [kpiFile], [], tools)
  const result = kpiFile.safeParse(value, { error: sayPlainly })
  if (!result.success) explain(result.error.issues, { root: written, value, path: [], collector })
  return result.data
}

/** Two KPIs of one name, or of one metric: a metric has one set of labels. */
function repeated(kpis: readonly Kpi[]): readonly Problem[] {
  return (['name', 'metric'] as const).flatMap((key) => {
    const first = new Map<string, Kpi>()
    return kpis.flatMap((kpi): Problem[] => {
      const other = first.get(kpi[key])
      if (other === undefined) {
        first.set(kpi[key], kpi)
        return []
      }
      const where = `${other.origin.file}:${other.origin.line}`
      const message =
        key === 'name'
          ? `${kpi.name} is the name of the KPI in ${where} already; write another name`
          : `${kpi.metric} is the metric of ${other.name} (${where}) already; give one of them another metric`
      return key === 'metric' && other.name === kpi.name ? [] : [{ ...kpi.origin, message, severity: 'error' }]
    })
  })
}
