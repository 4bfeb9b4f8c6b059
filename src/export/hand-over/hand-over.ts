import type { RuleGroup } from '../../model/rule.ts'
import type { Silence } from '../../model/silence.ts'
import type { ScrapeConfig } from '../../probe/scrape/config.ts'
import type { RelabelRule } from '../../probe/scrape/relabel.ts'
import type { StandIn } from '../../probe/stand-in.ts'

/** Everything that moves to Prometheus, Alertmanager and Grafana, as plain values: the documents are made of it. */
export interface HandOver {
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** The time between evaluations of groups without an interval of their own. */
  readonly evaluationIntervalMs: number
  /** Where people reach this midwatch, without a slash at the end. */
  readonly externalUrl: string
  /** Where Prometheus finds this midwatch while both run, `host:port`. */
  readonly midwatchAddress: string
  readonly addresses: StackAddresses
  readonly externalLabels: Readonly<Record<string, string>>
  /** What is done to alerts on their way to other Alertmanagers, and where those are. */
  readonly alerting: { readonly relabel: readonly RelabelRule[]; readonly targets: readonly string[] }
  readonly checks: readonly HandedCheck[]
  readonly scrapeConfigs: readonly ScrapeConfig[]
  readonly ruleFiles: readonly HandedRuleFile[]
  /** Alertmanager's configuration; secrets in it are files of `secrets/`. */
  readonly alertmanager: {
    readonly config: Readonly<Record<string, unknown>>
    readonly notes: readonly string[]
    readonly secrets: readonly HandedSecret[]
    /** Template files that it names, with their texts. */
    readonly templates: readonly ExportedFile[]
  }
  /** Those that are not over. */
  readonly silences: readonly Silence[]
  readonly dashboards: readonly ExportedFile[]
  /** Pages that alerts name as `docs/runbooks/….md`. */
  readonly runbooks: readonly ExportedFile[]
}

/** Where the programs of the stack find each other, `host:port`. */
export interface StackAddresses {
  readonly prometheus: string
  readonly alertmanager: string
  readonly blackbox: string
}

export interface HandedCheck {
  readonly name: string
  /** The labels of its series, `instance` and `job` among them, without `__name__`. */
  readonly labels: Readonly<Record<string, string>>
  readonly everyMs: number
  readonly timeoutMs: number
  readonly dependsOn: readonly string[]
  readonly standIn: StandIn
}

export interface HandedRuleFile {
  /** Below `prometheus/rules/`. */
  readonly path: string
  readonly origin: RuleOrigin
  readonly groups: readonly RuleGroup[]
}

/** Where rules come from: with the program, files of the operator, what was made of objectives and KPIs, or the API. */
export type RuleOrigin = 'shipped' | 'own' | 'objectives' | 'kpis' | 'database'

/** A secret that the stack reads from a file, which the hand-over names and does not write. */
export interface HandedSecret {
  /** The file's name below `secrets/`. */
  readonly file: string
  /** What belongs in it, for people. */
  readonly what: string
  /** The variable that holds it for midwatch, where the config says so. */
  readonly variable: string | undefined
}

/** A file to write: a path below the folder of the hand-over, with `/`. */
export interface ExportedFile {
  readonly path: string
  readonly text: string
}
