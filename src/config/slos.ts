import { cronSpacingMs } from '../lib/cron-spacing.ts'
import { didYouMean } from '../lib/suggest.ts'
import { version } from '../lib/version.ts'
import type { Problem } from '../model/problem.ts'
import { type CompileAllOptions, type CompiledSlo, compileSlos } from '../objective/compile-all.ts'
import type { Slo } from '../objective/slo.ts'
import { readSpecs, type SpecFile } from '../objective/spec/read.ts'
import type { AlertWindows } from '../objective/windows.ts'
import { checkTemplates } from '../rule/check-templates.ts'
import type { Config } from './config.ts'
import { readMatching } from './matching-files.ts'

/** What SLO files come to; with an error among the problems it must not be used. */
export interface LoadedSlos {
  readonly compiled: readonly CompiledSlo[]
  /** Windows that are written in the files, by the length of their period: SLOs from elsewhere have them, too. */
  readonly windows: ReadonlyMap<number, AlertWindows>
  readonly problems: readonly Problem[]
  /** The files that were read, for the watcher. */
  readonly files: readonly string[]
}

type SloConfig = Pick<Config, 'sloFiles' | 'evaluation' | 'checks'>

/**
 * Reads and compiles the SLO files.
 *
 * @param others SLOs that are written elsewhere: those of KPIs
 */
export async function loadSlos(config: SloConfig, others: readonly Slo[] = []): Promise<LoadedSlos> {
  const problems: Problem[] = []
  const files: string[] = []
  const texts: SpecFile[] = []
  for await (const one of readMatching(config.sloFiles, 'slo_files', { problems, files })) texts.push(one)
  const specs = readSpecs(texts)
  const slos = [...specs.slos, ...others]
  const { compiled, problems: more } = compileLive(slos, specs.windows, config, Date.now())
  return {
    compiled,
    windows: specs.windows,
    problems: [...problems, ...specs.problems, ...repeated(specs.slos, others), ...more],
    files,
  }
}

function repeated(slos: readonly Slo[], others: readonly Slo[]): readonly Problem[] {
  return others.flatMap(({ id, origin: { file, line, column } }): Problem[] => {
    const first = slos.find((slo) => slo.id === id)
    if (first === undefined) return []
    const message = `the SLO ${id} is written in ${first.origin.file}:${first.origin.line} already; give one of them another name`
    return [{ file, line, column, message, severity: 'error' }]
  })
}

/** Compiles SLOs as they are evaluated here. */
export function compileLive(
  slos: readonly Slo[],
  windows: ReadonlyMap<number, AlertWindows>,
  { evaluation: { cron, timezone }, checks }: Omit<SloConfig, 'sloFiles'>,
  nowMs: number,
  options: Pick<CompileAllOptions, 'isElsewhere'> = {},
): { readonly compiled: readonly CompiledSlo[]; readonly problems: readonly Problem[] } {
  const slowIntervalMs = slowInterval(cronSpacingMs(cron, timezone, nowMs))
  const { compiled, problems } = compileSlos(slos, { version, windows, slowIntervalMs, ...options })
  return {
    compiled,
    problems: [...problems, ...compiled.flatMap(templateProblems), ...unknownChecks(slos, checks)],
  }
}

const SLOW_MS = 60_000

/** What changes slowly is evaluated once a minute, where ticks fall on minutes. */
function slowInterval(spacingMs: number): number | undefined {
  return SLOW_MS % spacingMs === 0 ? SLOW_MS : undefined
}

function templateProblems({ slo: { id, origin }, groups }: CompiledSlo): Problem[] {
  const { file, line, column } = origin
  return groups
    .flatMap(({ rules }) => rules.flatMap(checkTemplates))
    .map((message) => ({ file, line, column, message: `SLO ${id}: ${message}`, severity: 'error' }))
}

function unknownChecks(slos: readonly Slo[], checks: SloConfig['checks']): Problem[] {
  const names = checks.map(({ name }) => name)
  // Without a config midwatch brings checks of its own along.
  if (names.length === 0) return []
  return slos.flatMap(({ id, checks: asked, origin: { file, line, column } }) =>
    asked
      .filter((name) => !names.includes(name))
      .map((name): Problem => {
        const message = `SLO ${id}: there is no check ${JSON.stringify(name)}${didYouMean(name, names, 'there are')}`
        return { file, line, column, message, severity: 'warning' }
      }),
  )
}
