import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../lib/clock.ts'
import { formatProblem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { StoredRuleGroup } from '../model/stored-rule-group.ts'
import type { StateChange } from '../notify/event.ts'
import { groupKey } from '../rule/group-state.ts'
import { groupOf } from '../rule/written-group.ts'
import type { NewMessage } from '../store/notify.ts'
import { deleteRuleGroups, loadRuleGroups, putRuleGroup } from '../store/rule-groups.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import {
  isExpected,
  type RuleGroupChange,
  type RuleGroupDesk,
  type RuleGroupPut,
  type RuleGroupRemoval,
  type Who,
} from '../web/rule-group-desk.ts'

interface RuleDeskOptions {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly audit: AuditTrail
  /** The groups that are evaluated beside these, whose names are taken. */
  readonly others: () => readonly RuleGroup[]
  /** Other groups are to be evaluated; resolves when they are those in use. */
  readonly onChange: () => Promise<void>
  readonly messagesOf: (changes: readonly StateChange[]) => readonly NewMessage[]
  /** Messages are due. */
  readonly onOwed: () => void
}

interface Kept {
  readonly stored: StoredRuleGroup
  /** Undefined when this midwatch can't read it, which an older or newer one has written. */
  readonly group: RuleGroup | undefined
}

/** Where rule groups are made and deleted that are in no file: on disk before they are evaluated. */
export class RuleDesk implements RuleGroupDesk {
  readonly #options: RuleDeskOptions
  /** By namespace and name. */
  readonly #kept = new Map<string, Kept>()
  /** Changes are made one after the other: each sees what the one before has left. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: RuleDeskOptions) {
    this.#options = options
    for (const stored of loadRuleGroups(options.store.reader)) this.#keep(stored)
  }

  /** Those that can be evaluated. A name that another group has taken meanwhile is left to it. */
  get groups(): readonly RuleGroup[] {
    const { others, log } = this.#options
    const taken = new Set(others().map(groupKey))
    return [...this.#kept.values()].flatMap(({ group }) => {
      if (group === undefined || group.rules.length === 0) return []
      if (!taken.has(groupKey(group))) return [group]
      const fields = { event: 'rules.problem', namespace: group.file, group: group.name }
      log.error(fields, 'a rule group of the database is left out, since a rule file has one of the same name')
      return []
    })
  }

  get all(): readonly StoredRuleGroup[] {
    return [...this.#kept.values()].map(({ stored }) => stored).sort(byPlace)
  }

  find(namespace: string, name: string): StoredRuleGroup | undefined {
    return this.#kept.get(keyOf(namespace, name))?.stored
  }

  put(request: RuleGroupPut, who: Who): Promise<RuleGroupChange> {
    return this.#inTurn(() => this.#put(request, who))
  }

  remove(removal: RuleGroupRemoval, who: Who): Promise<RuleGroupChange> {
    return this.#inTurn(() => this.#remove(removal, who))
  }

  async #put({ namespace, written, expected }: RuleGroupPut, { actor, traceId }: Who): Promise<RuleGroupChange> {
    const { store, clock, audit, messagesOf } = this.#options
    const before = this.find(namespace, written.name)
    if (!isExpected(before?.version, expected)) return { kind: 'conflict', current: before }
    const key = keyOf(namespace, written.name)
    if (this.#options.others().some((group) => groupKey(group) === key)) return { kind: 'taken' }
    const nowMs = clock.now()
    const draft = {
      namespace,
      written,
      createdMs: before?.createdMs ?? nowMs,
      updatedMs: nowMs,
      updatedBy: actor,
    }
    const action = before === undefined ? 'create' : 'update'
    const messages = messagesOf([changeOf(action, namespace, written.name, written.rules.length, nowMs, actor)])
    const version = await store.writer.run(putRuleGroup, { ...draft, messages })
    const stored = { ...draft, version }
    this.#keep(stored)
    await this.#takeOver()
    await audit.record([factOf(action, stored, actor, traceId)])
    return { kind: 'stored', group: stored, isNew: before === undefined }
  }

  async #remove({ namespace, name, expected }: RuleGroupRemoval, { actor, traceId }: Who): Promise<RuleGroupChange> {
    const { store, clock, audit, messagesOf } = this.#options
    const gone = this.all.filter(
      (one) => one.namespace === namespace && (name === undefined || one.written.name === name),
    )
    if (gone.length === 0) return { kind: 'unknown' }
    if (!gone.every(({ version }) => isExpected(version, expected))) return { kind: 'conflict', current: gone[0] }
    const nowMs = clock.now()
    const changes = gone.map(({ written }) =>
      changeOf('delete', namespace, written.name, written.rules.length, nowMs, actor),
    )
    const versions = gone.map(({ version }) => version)
    await store.writer.run(deleteRuleGroups, { versions, messages: messagesOf(changes) })
    for (const { written } of gone) this.#kept.delete(keyOf(namespace, written.name))
    await this.#takeOver()
    await audit.record(gone.map((stored) => factOf('delete', stored, actor, traceId)))
    return { kind: 'removed', groups: gone }
  }

  #keep(stored: StoredRuleGroup): void {
    const { namespace, written } = stored
    const { group, problems } = groupOf(written, namespace)
    const errors = problems.filter(({ severity }) => severity === 'error').map(formatProblem)
    if (errors.length > 0) {
      const fields = { event: 'rules.problem', namespace, group: written.name, problems: errors }
      this.#options.log.error(fields, 'a rule group of the database can’t be used; replace it or delete it')
    }
    this.#kept.set(keyOf(namespace, written.name), { stored, group: errors.length > 0 ? undefined : group })
  }

  async #takeOver(): Promise<void> {
    const { onOwed, onChange } = this.#options
    onOwed()
    await onChange()
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(work, work)
    this.#last = next.catch(() => undefined)
    return next
  }
}

function keyOf(namespace: string, name: string): string {
  return groupKey({ file: namespace, name })
}

function byPlace(a: StoredRuleGroup, b: StoredRuleGroup): number {
  return a.namespace === b.namespace ? (a.written.name < b.written.name ? -1 : 1) : a.namespace < b.namespace ? -1 : 1
}

const TYPES = { create: 'rule-group.created', update: 'rule-group.updated', delete: 'rule-group.deleted' } as const

/** As other systems are told of it. */
function changeOf(
  action: keyof typeof TYPES,
  namespace: string,
  name: string,
  rules: number,
  atMs: number,
  actor: string,
): StateChange {
  return { type: TYPES[action], subject: subjectOf(namespace, name), atMs, data: { namespace, name, rules, actor } }
}

function factOf(action: string, { namespace, written, version }: StoredRuleGroup, actor: string, traceId?: string) {
  return {
    event: 'rule-group.changed',
    actor,
    action,
    resource: subjectOf(namespace, written.name),
    attributes: { version, rules: written.rules.map(({ alert, record }) => alert ?? record ?? '') },
    ...(traceId === undefined ? {} : { traceId }),
  }
}

function subjectOf(namespace: string, name: string): string {
  return `rule-group/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}
