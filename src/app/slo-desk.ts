import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Config } from '../config/config.ts'
import { compileLive, type LoadedSlos } from '../config/slos.ts'
import type { Clock } from '../lib/clock.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { StoredSlo } from '../model/stored-slo.ts'
import type { StateChange } from '../notify/event.ts'
import { type Compile, SloBook, type SloEntry } from '../objective/book.ts'
import type { NewMessage } from '../store/notify.ts'
import { deleteSlo, loadSlos, saveSlo } from '../store/slos.ts'
import type { Store } from '../store/store.ts'

interface SloDeskOptions {
  readonly clock: Clock
  readonly store: Store
  readonly audit: AuditTrail
  readonly config: () => Config
  /** Other rules are to be evaluated; resolves when they are those in use. */
  readonly onChange: () => Promise<void>
  readonly messagesOf: (changes: readonly StateChange[]) => readonly NewMessage[]
  /** Messages are due. */
  readonly onOwed: () => void
}

type Change = 'created' | 'updated' | 'deleted'
const ACTIONS: Readonly<Record<Change, string>> = { created: 'create', updated: 'update', deleted: 'delete' }

/** Where SLOs are made, changed and deleted beside those of files: on disk before their rules are evaluated. */
export class SloDesk {
  readonly #options: SloDeskOptions
  readonly #book: SloBook
  /** One change after the other, so that two of one SLO can't pass each other between looking and writing. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SloDeskOptions) {
    this.#options = options
    this.#book = new SloBook(compiler(options.config(), options.clock.now()), loadSlos(options.store.reader))
  }

  get entries(): readonly SloEntry[] {
    return this.#book.entries
  }

  get groups(): readonly RuleGroup[] {
    return this.#book.groups
  }

  find(id: string): SloEntry | undefined {
    return this.#book.find(id)
  }

  /** What stands in the way of taking over what files hold. */
  conflicts(loaded: LoadedSlos): readonly Problem[] {
    return this.#book.conflicts(loaded)
  }

  /** Takes over what files hold now; gives what is wrong with SLOs that were made here. */
  update(loaded: LoadedSlos, config: Config): readonly Problem[] {
    return this.#book.update(loaded, compiler(config, this.#options.clock.now()))
  }

  /**
   * Makes an SLO, or puts another in the place of the one with this id.
   *
   * @throws SloRefusal, StorageError when it could not be written down, and nothing has changed then
   */
  save(spec: StoredSlo['spec'], id: string | undefined, actor: string, traceId?: string): Promise<SloEntry> {
    return this.#inTurn(async () => {
      const { clock, store } = this.#options
      const entry = this.#book.check(spec, id, { actor, nowMs: clock.now() })
      const change = id === undefined ? 'created' : 'updated'
      await store.writer.run(saveSlo, { slo: entry.kept, messages: this.#messages(change, entry.kept, actor) })
      this.#book.put(entry)
      await this.#takeOver(change, entry.kept, actor, traceId)
      return entry
    })
  }

  /** @throws SloRefusal, StorageError */
  delete(id: string, actor: string, traceId?: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#book.changeable(id)
      await this.#options.store.writer.run(deleteSlo, { id, messages: this.#messages('deleted', kept, actor) })
      this.#book.remove(id)
      await this.#takeOver('deleted', kept, actor, traceId)
    })
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#turn.then(work)
    this.#turn = next.catch(() => {})
    return next
  }

  #messages(change: Change, { id, spec }: StoredSlo, actor: string): readonly NewMessage[] {
    const { clock, messagesOf } = this.#options
    return messagesOf([{ type: `slo.${change}`, subject: `slo/${id}`, atMs: clock.now(), data: { id, spec, actor } }])
  }

  async #takeOver(change: Change, { id, spec }: StoredSlo, actor: string, traceId: string | undefined): Promise<void> {
    const { audit, onChange, onOwed } = this.#options
    onOwed()
    await onChange()
    const fact = { event: 'slo.changed', actor, action: ACTIONS[change], resource: `slo/${id}`, attributes: { spec } }
    await audit.record([{ ...fact, ...(traceId === undefined ? {} : { traceId }) }])
  }
}

function compiler(config: Config, nowMs: number): Compile {
  return (slos, windows) => compileLive(slos, windows, config, nowMs)
}

/** The rules of all SLOs, those of files and those in the data, as another program is to evaluate them. */
export function sloRulesElsewhere(
  stored: readonly StoredSlo[],
  loaded: LoadedSlos,
  config: Config,
  nowMs: number,
): readonly RuleGroup[] {
  const compile = compiler(config, nowMs)
  const book = new SloBook(compile, stored)
  book.update(loaded, compile)
  const slos = book.entries.map(({ slo }) => slo)
  return compileLive(slos, loaded.windows, config, nowMs, { isElsewhere: true }).compiled.flatMap(
    ({ groups }) => groups,
  )
}
