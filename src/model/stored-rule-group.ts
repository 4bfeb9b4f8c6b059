/** A rule group as it is written in a rule file; every scalar is its text, but for the limit. */
export interface WrittenRuleGroup {
  readonly name: string
  readonly interval?: string
  readonly query_offset?: string
  readonly limit?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly rules: readonly WrittenRule[]
}

export interface WrittenRule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** A rule group that is kept in the database. */
export interface StoredRuleGroup {
  /** What stands for its file. */
  readonly namespace: string
  readonly written: WrittenRuleGroup
  /** Another one after every change, and never the same again. */
  readonly version: number
  readonly createdMs: number
  readonly updatedMs: number
  /** Whose token it was. */
  readonly updatedBy: string
}
