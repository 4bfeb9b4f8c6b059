import type { StoredRuleGroup, WrittenRuleGroup } from '../model/stored-rule-group.ts'

/** Who changes something, and on which journey. */
export interface Who {
  readonly actor: string
  readonly traceId?: string
}

/** What there has to be for a change to be made: one of these versions, a group at all, none, or whatever there is. */
export type Expected = readonly number[] | 'present' | 'absent' | 'anything'

export function isExpected(version: number | undefined, expected: Expected): boolean {
  switch (expected) {
    case 'anything':
      return true
    case 'present':
      return version !== undefined
    case 'absent':
      return version === undefined
    default:
      return version !== undefined && expected.includes(version)
  }
}

export interface RuleGroupPut {
  readonly namespace: string
  readonly written: WrittenRuleGroup
  readonly expected: Expected
}

export interface RuleGroupRemoval {
  readonly namespace: string
  /** Undefined: every group of the namespace. */
  readonly name: string | undefined
  readonly expected: Expected
}

export type RuleGroupChange =
  | { readonly kind: 'stored'; readonly group: StoredRuleGroup; readonly isNew: boolean }
  | { readonly kind: 'removed'; readonly groups: readonly StoredRuleGroup[] }
  /** It is another version than whoever changes it has seen; what is there now. */
  | { readonly kind: 'conflict'; readonly current: StoredRuleGroup | undefined }
  /** A rule file has a group of this name under this name of a file. */
  | { readonly kind: 'taken' }
  /** There is nothing to remove. */
  | { readonly kind: 'unknown' }

/** Where rule groups are kept that are in no file. */
export interface RuleGroupDesk {
  /** By namespace and name. */
  readonly all: readonly StoredRuleGroup[]
  find(namespace: string, name: string): StoredRuleGroup | undefined
  /**
   * Writes a group that has been read without errors, and evaluates it from the next tick on.
   *
   * @throws StorageError when it could not be written down, and nothing has changed then
   */
  put(request: RuleGroupPut, who: Who): Promise<RuleGroupChange>
  /** @throws StorageError */
  remove(removal: RuleGroupRemoval, who: Who): Promise<RuleGroupChange>
}
