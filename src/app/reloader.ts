import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, matchesGlob, resolve } from 'node:path'
import type { LoadResult } from '../config/load.ts'
import { type LoadedRules, loadRules } from '../config/rules.ts'
import type { Clock } from '../lib/clock.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'
import type { ReloadReport } from '../web/context.ts'
import { buildPlan, type Plan } from './plan.ts'

interface ReloaderOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly load: () => LoadResult
  /** Puts a plan in place of the one that runs. */
  readonly apply: (plan: Plan, loaded: LoadedRules) => Promise<void>
  /** What stands in the way of it besides what the files themselves say. */
  readonly conflicts: (loaded: LoadedRules) => readonly Problem[]
  readonly onReport: (report: ReloadReport, actor: string, traceId: string | undefined) => void
}

/** Editors write a file in several steps; this is how long they have. */
const SETTLE_MS = 300

/** Reads the config again and takes it over only when all of it is fine. */
export class Reloader {
  readonly #options: ReloaderOptions
  #last: ReloadReport
  #running: Promise<ReloadReport> | undefined
  #watchers: FSWatcher[] = []
  #watched = ''

  constructor(options: ReloaderOptions, files: readonly string[]) {
    this.#options = options
    this.#last = { ok: true, atMs: options.clock.now(), problems: [] }
    options.metrics.reloadSuccessful.set(1)
    options.metrics.reloadTime.set(options.clock.now() / 1000)
    this.watch(files)
  }

  get last(): ReloadReport {
    return this.#last
  }

  /** One reload at a time: one that is asked for meanwhile comes after it. */
  reload(actor: string, traceId?: string): Promise<ReloadReport> {
    const next = (this.#running ?? Promise.resolve()).then(() => this.#reload(actor, traceId))
    this.#running = next
    return next
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  async #reload(actor: string, traceId: string | undefined): Promise<ReloadReport> {
    const { clock, log, metrics, load, apply, conflicts, onReport } = this.#options
    const { config, problems, files } = load()
    const rules = config === undefined ? undefined : await loadRules(config)
    const all = [...problems, ...(rules === undefined ? [] : [...rules.problems, ...conflicts(rules)])]
    let ok = !all.some(({ severity }) => severity === 'error')
    if (ok && config !== undefined && rules !== undefined) {
      try {
        await apply(buildPlan(config), rules)
        this.watch([...files, ...rules.files])
      } catch (error) {
        ok = false
        all.push({ file: files[0] ?? 'config', message: (error as Error).message, severity: 'error' })
      }
    }
    this.#last = { ok, atMs: clock.now(), problems: all }
    metrics.reloadSuccessful.set(ok ? 1 : 0)
    if (ok) metrics.reloadTime.set(clock.now() / 1000)
    const fields = { event: ok ? 'config.reloaded' : 'config.refused', actor, problems: all.map(formatProblem) }
    if (ok) log.info(fields, 'config taken over')
    else log.error(fields, 'config refused; the one before it stays in use')
    onReport(this.#last, actor, traceId)
    return this.#last
  }

  /**
   * Reloads when one of these files changes. Folders are watched rather than files: editors and config maps replace a file by
   * another one, and a name may be a pattern, which the next file is to match.
   */
  watch(files: readonly string[]): void {
    const paths = [...new Set(files.map((file) => resolve(file)))].sort()
    if (paths.join('\n') === this.#watched) return
    this.#watched = paths.join('\n')
    this.stop()
    let timer: NodeJS.Timeout | undefined
    const changed = () => {
      clearTimeout(timer)
      timer = setTimeout(() => void this.reload('file watcher'), SETTLE_MS)
    }
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      // Which folders a pattern means is not known.
      if (/[*?[{]/.test(folder)) continue
      const names = paths.filter((path) => dirname(path) === folder).map((path) => basename(path))
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          // A config map swaps a link named ..data; what it holds has changed then.
          if (name === null || name === '..data' || names.some((known) => known === name || matchesGlob(name, known)))
            changed()
        })
        watcher.on('error', (error) =>
          this.#options.log.warn({ event: 'config.not_watched', folder, err: error }, 'folder not watched'),
        )
        this.#watchers.push(watcher)
      } catch (error) {
        this.#options.log.warn(
          { event: 'config.not_watched', folder, err: error },
          'changes here are not noticed; use SIGHUP',
        )
      }
    }
  }
}
