import { z } from 'zod'
import { show } from '../lib/show.ts'
import { didYouMean } from '../lib/suggest.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import type { EscalationStep, Integration } from '../notify/routing.ts'
import type { Collector } from './collector.ts'
import { positiveMs } from './fields.ts'
import { placeAt, type Written } from './written.ts'

/** Who is told as well when nobody has acknowledged an alert for `afterMs`. */
export interface EscalationConfigStep {
  readonly afterMs: number
  /** Channels of `notify:`, or receivers of `alertmanager:`. */
  readonly to: readonly string[]
}

/** By the severity or receiver that is told at first. */
export type EscalationConfig = Readonly<Record<string, readonly EscalationConfigStep[]>>

const STEP_EXAMPLE = '{ after: 10m, to: [sms] }'

const step = z
  .strictObject(
    {
      after: positiveMs.describe('How long nobody has acknowledged it since it was first told.'),
      to: z
        .array(z.string({ error: 'is not a name; write one such as sms' }), { error: 'is not a list; write [sms]' })
        .min(1, { error: 'is empty; write who is told, such as [sms]' }),
    },
    { error: `is not a step; write ${STEP_EXAMPLE}` },
  )
  .transform(({ after, to }): EscalationConfigStep => ({ afterMs: after, to: [...new Set(to)] }))

export const escalation = z
  .record(
    z.string(),
    z
      .array(step, { error: `is not a list of steps; write [${STEP_EXAMPLE}]` })
      .min(1, { error: `is empty; write [${STEP_EXAMPLE}] or leave it out` }),
    { error: `is not a map; write { critical: [${STEP_EXAMPLE}] }` },
  )
  .default({})
  .describe(
    'For each severity (or receiver of `alertmanager:`) who is told as well while nobody acknowledges, in steps: see [Acknowledge and escalate](../how-to/acknowledge-and-escalate.md).',
  )

/** What the steps can name. */
export interface EscalationNames {
  /** Who is told at first: severities, or receivers where `alertmanager.route` says who is told. */
  readonly sources: readonly string[]
  /** Those of them that tell nobody. */
  readonly silent: readonly string[]
  readonly targets: readonly string[]
}

/** @param written the plain value of the section, before it is parsed */
export function compareEscalation(
  written: unknown,
  { sources, silent, targets }: EscalationNames,
  { root, collector }: { readonly root: Written; readonly collector: Collector },
): void {
  const fault = (path: readonly PropertyKey[], message: string, part?: 'key') => {
    const full = ['notify', 'escalation', ...path]
    collector.add(placeAt(root, full, part), full, message)
  }
  for (const [source, steps] of Object.entries(isRecord(written) ? written : {})) {
    if (!sources.includes(source)) {
      fault(
        [source],
        `${show(source)} is nobody who is told at first${didYouMean(source, sources, 'there are')}`,
        'key',
      )
    } else if (silent.includes(source)) {
      fault(
        [source],
        `${show(source)} tells nobody at first, and steps count from then; tell somebody, or remove it`,
        'key',
      )
    }
    let beforeMs = 0
    for (const [i, one] of (Array.isArray(steps) ? steps : []).entries()) {
      if (!isRecord(one)) continue
      const afterMs = typeof one.after === 'string' ? parseDuration(one.after) : undefined
      if (afterMs !== undefined && i > 0 && afterMs <= beforeMs) {
        fault([source, i, 'after'], 'is not later than the step before; put the steps in the order of their times')
      }
      beforeMs = afterMs ?? beforeMs
      for (const [j, name] of (Array.isArray(one.to) ? one.to : []).entries()) {
        if (typeof name !== 'string' || targets.includes(name)) continue
        const hint = targets.length === 0 ? '; no channel is configured' : didYouMean(name, targets, 'there are')
        fault([source, i, 'to', j], `${show(name)} is nobody who can be told${hint}`)
      }
    }
  }
}

/** The steps with what they tell, by the receiver that is told at first. */
export function escalationsOf(
  config: EscalationConfig,
  integrationsOf: (name: string) => readonly Integration[],
): ReadonlyMap<string, readonly EscalationStep[]> {
  const steps = ({ afterMs, to }: EscalationConfigStep): EscalationStep => {
    const integrations = to.flatMap((name) => integrationsOf(name))
    return { afterMs, integrations: [...new Map(integrations.map((one) => [one.channel, one])).values()] }
  }
  return new Map(Object.entries(config).map(([source, all]) => [source, all.map(steps)]))
}

/** `sms, pagerduty after 10m` */
export function describeStep({ afterMs, integrations }: EscalationStep): string {
  return `${integrations.map(({ channel }) => channel).join(', ')} after ${formatDuration(afterMs)}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
