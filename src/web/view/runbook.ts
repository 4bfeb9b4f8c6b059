import { listAssets, readAsset } from '../../lib/asset.ts'
import type { RunbookView } from '../page/runbook.tsx'

/** The list of all runbooks has this name. */
export const RUNBOOK_INDEX = 'README'

/** A shipped runbook; undefined when there is none of this name. */
export function runbookView(name: string): RunbookView | undefined {
  const asset = `runbooks/${name}.md`
  // Looked up in the list rather than in a folder, so that no name leads elsewhere.
  return listAssets('runbooks').includes(asset) ? { name, markdown: readAsset(asset) } : undefined
}
