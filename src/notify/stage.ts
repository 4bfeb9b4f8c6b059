import type { NotifyAlert } from './notify-alert.ts'

/** What a stage may look at besides the alerts of the group. */
export interface StageContext {
  readonly nowMs: number
}

export interface Suppressed {
  readonly alert: NotifyAlert
  /** For the alert's story: by what, and until when where that is known. */
  readonly reason: string
}

export interface StageResult {
  readonly pass: readonly NotifyAlert[]
  readonly suppressed: readonly Suppressed[]
}

/** One step between a due group and its channels. Every stage has this one shape; their order is the pipeline. */
export interface Stage {
  readonly name: string
  run(alerts: readonly NotifyAlert[], context: StageContext): StageResult
}

/** Holds back alerts about something that depends on something that is down: the root cause is told instead. */
export function dependencyStage(causeOf: (alert: NotifyAlert) => string | undefined): Stage {
  return {
    name: 'dependency',
    run(alerts) {
      const pass: NotifyAlert[] = []
      const suppressed: Suppressed[] = []
      for (const alert of alerts) {
        const cause = causeOf(alert)
        if (cause === undefined) pass.push(alert)
        else suppressed.push({ alert, reason: `it depends on ${cause}, which is down` })
      }
      return { pass, suppressed }
    },
  }
}

export function runStages(
  stages: readonly Stage[],
  alerts: readonly NotifyAlert[],
  context: StageContext,
): StageResult {
  const suppressed: Suppressed[] = []
  let pass = alerts
  for (const stage of stages) {
    if (pass.length === 0) break
    const result = stage.run(pass, context)
    suppressed.push(...result.suppressed)
    pass = result.pass
  }
  return { pass, suppressed }
}
