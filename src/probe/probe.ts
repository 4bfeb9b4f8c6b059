import type { z } from 'zod'
import type { AddressPolicy } from '../lib/address.ts'
import type { Finding } from '../model/finding.ts'
import type { Labels } from '../model/labels.ts'
import type { StandIn } from './stand-in.ts'

/** What every run of a probe gets besides its configuration. */
export interface ProbeContext {
  /** Aborted when the check's timeout has passed; its reason is a `TimeoutError`. Every wait must listen to it. */
  readonly signal: AbortSignal
  /** The effective timeout, for protocols that send it along. */
  readonly timeoutMs: number
  /** Where probes may connect to. */
  readonly addressPolicy: AddressPolicy
  /** Told of every host that is looked up, with its address; undefined when it was not found. */
  readonly visited?: (host: string, address: string | undefined) => void
  /** Evaluates an instant PromQL expression over midwatch's own series, now. */
  readonly query: (expression: string) => Promise<readonly { readonly labels: Labels; readonly value: number }[]>
}

/** A metric that a probe may give, for the generated docs. */
export interface ProbeMetricDoc {
  readonly help: string
  readonly labels?: readonly string[]
}

/**
 * One kind of check: what may be configured, what it measures, how it looks. It keeps nothing between runs.
 *
 * `config` is a strict object that holds the key of the probe and its options, as they stand in a check's entry beside the
 * general fields (name, every, timeout, …).
 */
export interface ProbeDefinition<Key extends string, Config> {
  /** The config key that chooses this probe: `{ name: database, tcp: db.internal:5432 }`. */
  readonly key: Key
  /** One sentence for the docs: when the check is up. */
  readonly summary: string
  readonly config: z.ZodType<Config>
  /** Metrics beyond `probe_success` and `probe_duration_seconds`, which the runner adds. */
  readonly metrics: Readonly<Record<string, ProbeMetricDoc>>
  /** A minimal entry that is valid. */
  readonly example: Readonly<Record<string, unknown>>
  /** What the `instance` label shows: the target without credentials. */
  instance(config: Config): string
  /**
   * What does the same in Prometheus' world, for the hand-over.
   *
   * @param written the entry as it stands in the config, `${…}` unresolved and secrets masked; texts that may hold some of
   *   it, such as headers, are taken from here
   */
  standIn(config: Config, written: Readonly<Record<string, unknown>>): StandIn
  /** Runs that must be allowed by `allow: [script]` in the config since they start programs. */
  readonly needsPermission?: boolean
  run(config: Config, context: ProbeContext): Promise<Finding>
}

export function defineProbe<const Key extends string, Config>(
  definition: ProbeDefinition<Key, Config>,
): ProbeDefinition<Key, Config> {
  return definition
}
