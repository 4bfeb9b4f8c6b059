import { suggest } from '../../lib/suggest.ts'
import { readYamlDocuments } from '../../lib/yaml.ts'
import type { Problem } from '../../model/problem.ts'
import type { Slo } from '../slo.ts'
import type { AlertWindows } from '../windows.ts'
import { alertWindows } from './alert-windows.ts'
import { type DocumentHead, headOf, type SpecContext, type SpecDocument, type SpecFormat } from './document.ts'
import { OpenSloObjects } from './openslo-objects.ts'
import { openSloV1, openSloV1Parts } from './openslo-v1.ts'
import { openSloV1Alpha } from './openslo-v1alpha.ts'
import { sloth, slothKubernetes } from './sloth.ts'

/** Every format that is read; a new one is its own file plus a line here. */
const formats: readonly SpecFormat[] = [sloth, slothKubernetes, openSloV1Alpha, openSloV1, openSloV1Parts, alertWindows]

export interface SpecFile {
  /** As problems name it. */
  readonly file: string
  readonly text: string
}

/** Whether a text begins as an SLO file of any format. */
export function isSpec(text: string): boolean {
  return readYamlDocuments(text, '').some(
    ({ root }) => root?.kind === 'map' && formats.some((format) => format.matches(headOf(root))),
  )
}

/** What SLO files hold; with any error among the problems nothing of it must be used. */
export interface Specs {
  readonly slos: readonly Slo[]
  /** Windows by the length of their period, milliseconds. */
  readonly windows: ReadonlyMap<number, AlertWindows>
  readonly problems: readonly Problem[]
}

export interface ReadOptions extends Partial<Pick<SpecContext, 'promql' | 'isStrict'>> {
  /** Whether an id that is there twice is passed over the second time. */
  readonly skipsDuplicates?: boolean
}

/** Reads SLO files: any number of documents each, in any of the formats. Ids are unique among all of them. */
export function readSpecs(files: readonly SpecFile[], options: ReadOptions = {}): Specs {
  const problems: Problem[] = []
  const documents: { readonly document: SpecDocument; readonly format: SpecFormat }[] = []
  const objects = new OpenSloObjects()
  for (const { file, text } of files) {
    for (const { root, problems: faults } of readYamlDocuments(text, file)) {
      problems.push(...faults)
      if (root === undefined || (root.kind === 'scalar' && root.isNull)) continue
      const format = root.kind === 'map' ? formats.find((one) => one.matches(headOf(root))) : undefined
      if (root.kind !== 'map' || format === undefined) {
        const head = root.kind === 'map' ? headOf(root) : { version: '', apiVersion: '', kind: '' }
        problems.push({ file, line: root.line, column: root.column, message: unknownFormat(head), severity: 'error' })
        continue
      }
      const document = { root, file }
      objects.add(document)
      documents.push({ document, format })
    }
  }
  const { promql = 'all', isStrict = false, skipsDuplicates = false } = options
  const context: SpecContext = { objects, promql, isStrict }
  const slos: Slo[] = []
  const windows = new Map<number, AlertWindows>()
  for (const { document, format } of documents) {
    const content = format.read(document, context)
    problems.push(...content.problems)
    slos.push(...(content.slos ?? []))
    for (const { windows: one, line, column } of content.windows ?? []) {
      if (windows.has(one.periodMs)) {
        const message = 'there are windows for this period already'
        problems.push({ file: document.file, line, column, field: 'spec.sloPeriod', message, severity: 'error' })
      }
      windows.set(one.periodMs, one)
    }
  }
  const unique = new Map<string, Slo>()
  for (const slo of slos) {
    const first = unique.get(slo.id)
    if (first === undefined) unique.set(slo.id, slo)
    else problems.push(repeated(slo, first, skipsDuplicates ? 'warning' : 'error'))
  }
  return { slos: [...unique.values()], windows, problems }
}

function repeated(
  { id, origin: { file, line, column } }: Slo,
  { origin: first }: Slo,
  severity: Problem['severity'],
): Problem {
  const message = `the SLO ${id} is written twice, first in ${first.file}:${first.line}; give one of them another name`
  return { file, line, column, message, severity }
}

function unknownFormat({ version, apiVersion, kind }: DocumentHead): string {
  const written = version !== '' ? `version: ${version}` : [apiVersion, kind].filter((text) => text !== '').join(' ')
  const known = formats.map(({ name }) => name)
  if (written === '') return 'is no SLO file; begin it with version: prometheus/v1'
  const near = suggest(version || written, known)
  return `${written} is no SLO file that midwatch reads${near === undefined ? `; it reads ${known.join(', ')}` : `; did you mean ${near}?`}`
}
