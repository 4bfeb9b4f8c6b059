import { execFile } from 'node:child_process'
import type { ExportDocument } from '../export/hand-over/document.ts'
import type { HandOver } from '../export/hand-over/hand-over.ts'

export interface CheckResult {
  readonly program: string
  readonly verdict: 'fine' | 'refused' | 'not installed'
  /** What the program said when it refused; empty otherwise. */
  readonly said: string
}

/** Asks the programs that the files are for, each where it is installed. */
export async function runChecks(
  documents: readonly ExportDocument[],
  handOver: HandOver,
  dir: string,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const { checks } of documents) {
    for (const { programs, args } of checks?.(handOver) ?? []) results.push(await ask(programs, args, dir))
  }
  return results
}

async function ask(programs: readonly string[], args: readonly string[], dir: string): Promise<CheckResult> {
  for (const name of programs) {
    const result = await new Promise<CheckResult | undefined>((resolve) => {
      execFile(name, [...args], { cwd: dir, timeout: 60_000 }, (error, stdout, stderr) => {
        if (error !== null && error.code === 'ENOENT') resolve(undefined)
        else if (error !== null)
          resolve({ program: `${name} ${args.join(' ')}`, verdict: 'refused', said: `${stdout}${stderr}`.trim() })
        else resolve({ program: `${name} ${args.join(' ')}`, verdict: 'fine', said: '' })
      })
    })
    if (result !== undefined) return result
  }
  return { program: programs[0] ?? '', verdict: 'not installed', said: '' }
}
