import type { YamlMap } from '../../lib/yaml.ts'
import type { Problem } from '../../model/problem.ts'
import type { Slo } from '../slo.ts'
import type { AlertWindows } from '../windows.ts'
import type { OpenSloObjects } from './openslo-objects.ts'

/** One document of a file. */
export interface SpecDocument {
  readonly root: YamlMap
  readonly file: string
}

/** What documents are read with. */
export interface SpecContext {
  /** Objects of OpenSLO that others refer to by name. */
  readonly objects: OpenSloObjects
  /**
   * Which queries have to be PromQL: all of them, those whose file does not say otherwise (a chain of plugins without Sloth's own
   * validation), or none.
   */
  readonly promql: 'all' | 'unless told' | 'none'
  /** Whether keys that nobody knows are errors; files that Sloth takes may have some. */
  readonly isStrict: boolean
}

/** What a document holds. */
export interface SpecContent {
  readonly slos?: readonly Slo[]
  readonly windows?: readonly { readonly windows: AlertWindows; readonly line: number; readonly column: number }[]
  readonly problems: readonly Problem[]
}

/** A format of SLO files. */
export interface SpecFormat {
  /** As people know it. */
  readonly name: string
  matches(head: DocumentHead): boolean
  read(document: SpecDocument, context: SpecContext): SpecContent
}

/** By what formats are told apart. */
export interface DocumentHead {
  readonly version: string
  readonly apiVersion: string
  readonly kind: string
}

/** The text of a field at the top; '' where there is none. */
export function headOf({ entries }: YamlMap): DocumentHead {
  const text = (key: string) => {
    const value = entries.get(key)?.value
    return value?.kind === 'scalar' ? value.text : ''
  }
  return { version: text('version'), apiVersion: text('apiVersion'), kind: text('kind') }
}
