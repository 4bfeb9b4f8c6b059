import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

const FOLDER = join(import.meta.dirname, '../../../shared/oracles/sloth')

/** Sloth's own test data lies beside the project and never in it. */
export const hasOracles = existsSync(FOLDER)

export function oracle(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8')
}

export function oraclePath(file: string): string {
  return join(FOLDER, file)
}

export function oraclesIn(folder: string): readonly string[] {
  return hasOracles ? readdirSync(join(FOLDER, folder)).map((name) => `${folder}/${name}`) : []
}

export interface OracleGroup {
  readonly name: string
  readonly rules: readonly Record<string, unknown>[]
}

/** All groups of a file of rules, of every document in it. */
export function groupsOf(text: string, version: string): readonly OracleGroup[] {
  const plain = text.replaceAll('{{ .version }}', version).replace(/\{\{"(\{\{.*?\}\})"\}\}/g, '$1')
  const documents = parseAllDocuments(plain)
  if ('empty' in documents) return []
  return documents.flatMap((document) => (document.toJS() as { groups?: OracleGroup[] } | null)?.groups ?? [])
}
