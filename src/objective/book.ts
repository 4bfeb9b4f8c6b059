import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { StoredSlo } from '../model/stored-slo.ts'
import type { CompiledSlo } from './compile-all.ts'
import type { Slo } from './slo.ts'
import { readSpecs } from './spec/read.ts'
import type { AlertWindows } from './windows.ts'

/** An SLO in use. */
export interface SloEntry extends CompiledSlo {
  /** Undefined for those of files. */
  readonly kept: StoredSlo | undefined
}

export interface StoredEntry extends SloEntry {
  readonly kept: StoredSlo
}

export type Compile = (
  slos: readonly Slo[],
  windows: ReadonlyMap<number, AlertWindows>,
) => { readonly compiled: readonly CompiledSlo[]; readonly problems: readonly Problem[] }

/** What is wrong with a request for an SLO. */
export class SloRefusal extends Error {
  override readonly name = 'SloRefusal'
  readonly reason: 'invalid' | 'taken' | 'unknown' | 'of a file'
  readonly problems: readonly Problem[]

  constructor(reason: SloRefusal['reason'], message: string, problems: readonly Problem[] = []) {
    super(message)
    this.reason = reason
    this.problems = problems
  }
}

/** Where rules of SLOs that no file has say that they are from. */
export const API_FILE = 'api/slos'

interface Files {
  readonly compiled: readonly CompiledSlo[]
  readonly windows: ReadonlyMap<number, AlertWindows>
}

/** Every SLO in use: those of files, and those that are kept beside them. */
export class SloBook {
  #compile: Compile
  #files: Files = { compiled: [], windows: new Map() }
  readonly #kept = new Map<string, StoredSlo>()
  #entries = new Map<string, SloEntry>()

  constructor(compile: Compile, kept: readonly StoredSlo[]) {
    this.#compile = compile
    for (const one of kept) this.#kept.set(one.id, one)
  }

  /** By id. */
  get entries(): readonly SloEntry[] {
    return [...this.#entries.values()]
  }

  find(id: string): SloEntry | undefined {
    return this.#entries.get(id)
  }

  get groups(): readonly RuleGroup[] {
    return this.entries.flatMap(({ groups }) => groups)
  }

  /** What stands in the way of taking these files over: ids that kept SLOs have already. */
  conflicts({ compiled }: Pick<Files, 'compiled'>): readonly Problem[] {
    return compiled.flatMap(({ slo: { id, origin } }): Problem[] => {
      if (!this.#kept.has(id)) return []
      const { file, line, column } = origin
      const message = `the SLO ${id} was made through the API; delete it there, or give this one another name`
      return [{ file, line, column, message, severity: 'error' }]
    })
  }

  /** Takes over what files hold now, with what compiles; gives what is wrong with kept SLOs. */
  update(files: Files, compile: Compile): readonly Problem[] {
    this.#files = files
    this.#compile = compile
    const problems: Problem[] = []
    const entries: SloEntry[] = files.compiled.map((one) => ({ ...one, kept: undefined }))
    const ofFiles = new Set(entries.map(({ slo }) => slo.id))
    for (const kept of this.#kept.values()) {
      if (ofFiles.has(kept.id)) continue
      const read = this.#read(kept)
      problems.push(...read.problems)
      if (read.entry !== undefined) entries.push(read.entry)
    }
    this.#entries = sorted(entries)
    return problems
  }

  /**
   * Reads a request for an SLO.
   *
   * @param id that of the SLO it is to replace; undefined for a new one
   * @throws SloRefusal
   */
  check(
    spec: StoredSlo['spec'],
    id: string | undefined,
    by: { readonly actor: string; readonly nowMs: number },
  ): StoredEntry {
    const before = id === undefined ? undefined : this.changeable(id)
    const { actor, nowMs } = by
    const kept = {
      id: id ?? '',
      spec,
      createdMs: before?.createdMs ?? nowMs,
      createdBy: before?.createdBy ?? actor,
      updatedMs: nowMs,
      updatedBy: actor,
    }
    const { entry, problems } = this.#read(kept)
    const errors = problems.filter(({ severity }) => severity === 'error')
    if (entry === undefined || errors.length > 0) {
      throw new SloRefusal('invalid', errors.map(({ message }) => message).join('; '), errors)
    }
    const { slo } = entry
    if (id !== undefined && slo.id !== id) {
      throw new SloRefusal(
        'invalid',
        `service and name make the id ${slo.id}, and this address is of ${id}; an id stays what it is`,
      )
    }
    if (id === undefined && this.#entries.has(slo.id)) {
      throw new SloRefusal('taken', `there is an SLO ${slo.id} already`)
    }
    return { ...entry, kept: { ...kept, id: slo.id } }
  }

  /**
   * A kept SLO that may be changed.
   *
   * @throws SloRefusal
   */
  changeable(id: string): StoredSlo {
    const kept = this.#kept.get(id)
    const entry = this.#entries.get(id)
    if (entry !== undefined && entry.kept === undefined) {
      const { file, line } = entry.slo.origin
      throw new SloRefusal('of a file', `the SLO ${id} is written in ${file}:${line}; change it there`)
    }
    if (kept === undefined) throw new SloRefusal('unknown', `there is no SLO ${id}`)
    return kept
  }

  put(entry: StoredEntry): void {
    this.#kept.set(entry.kept.id, entry.kept)
    this.#entries = sorted([...this.entries.filter(({ slo }) => slo.id !== entry.slo.id), entry])
  }

  remove(id: string): void {
    this.#kept.delete(id)
    this.#entries.delete(id)
  }

  #read(kept: StoredSlo): { readonly entry: SloEntry | undefined; readonly problems: readonly Problem[] } {
    const { service, ...slo } = kept.spec
    const text = JSON.stringify({ version: 'prometheus/v1', service, slos: [slo] })
    const specs = readSpecs([{ file: API_FILE, text }], { isStrict: true })
    const { compiled, problems } = this.#compile(specs.slos, this.#files.windows)
    const [only] = compiled
    return {
      entry: only && { ...only, kept },
      problems: [...specs.problems.map(withoutWrapping), ...problems],
    }
  }
}

/** Fields as whoever sent an SLO alone knows them. */
function withoutWrapping({ file, field = '', message, severity }: Problem): Problem {
  return { file, field: field.replace(/^slos\[0\]\.?/, ''), message, severity }
}

function sorted(entries: readonly SloEntry[]): Map<string, SloEntry> {
  return new Map(
    entries.map((entry) => [entry.slo.id, entry] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  )
}
