import type { Clock } from '../lib/clock.ts'
import { every } from '../lib/every.ts'
import { Semaphore } from '../lib/semaphore.ts'
import { down, type Finding } from '../model/finding.ts'
import type { SampleSink } from '../model/sink.ts'
import { type ConnectivityGuard, Whereabouts } from './connectivity.ts'
import type { ProbeContext } from './probe.ts'
import { FindingRecorder, type RecordLabels } from './recorder.ts'

/** Something that is looked at again and again. */
export interface Job {
  readonly name: string
  readonly labels: RecordLabels
  readonly everyMs: number
  readonly timeoutMs: number
  /** Whether a change for the worse is looked at a second time, at once, before it counts. */
  readonly confirm: boolean
  /** Equal for jobs that do the same: such a job goes on undisturbed when the config is reloaded. */
  readonly identity: string
  run(context: ProbeContext): Promise<Finding>
}

/** One look at a job, over. */
export interface Run {
  readonly job: Job
  readonly finding: Finding
  readonly startMs: number
  readonly durationMs: number
}

interface RunnerOptions {
  readonly clock: Clock
  readonly sink: SampleSink
  readonly context: Omit<ProbeContext, 'signal' | 'timeoutMs' | 'visited'>
  /** Whether midwatch itself has a way out; undefined while nobody asks. */
  readonly guard?: () => Pick<ConnectivityGuard, 'judge' | 'noteUp'> | undefined
  /** Whether a job is in maintenance at a moment: what is found then does not count. */
  readonly isInMaintenance?: (job: Job, atMs: number) => boolean
  /** How many may run at once. */
  readonly concurrency: number
  readonly onRun: (run: Run) => void
  /** Told how late a look began, milliseconds: what a full queue or a busy machine costs. */
  readonly onStartDelay: (delayMs: number) => void
  readonly onError: (error: unknown, job: string) => void
}

interface Running {
  readonly job: Job
  readonly recorder: FindingRecorder
  readonly whereabouts: Whereabouts
  readonly abort: AbortController
  done: Promise<void>
  /** Of the look that is under way. */
  deadline: AbortController | undefined
  /** Looks at it besides its interval. */
  readonly look: () => Promise<void>
}

/** Runs every job on its own interval, spread out, with a deadline each, never twice at once. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #running = new Map<string, Running>()
  readonly #slots: Semaphore

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#slots = new Semaphore(options.concurrency)
  }

  /** Starts what is new, ends what is gone, and leaves alone what is the same. */
  async update(jobs: readonly Job[]): Promise<void> {
    const wanted = new Map(jobs.map((job) => [job.name, job]))
    const gone = [...this.#running.values()].filter(({ job }) => wanted.get(job.name)?.identity !== job.identity)
    await Promise.all(gone.map((running) => this.#end(running, !wanted.has(running.job.name))))
    for (const job of jobs) if (!this.#running.has(job.name)) this.#start(job)
  }

  /** Looks at a job at once, besides its interval; a name that is not known, or is being looked at, is left alone. */
  async now(name: string): Promise<void> {
    const running = this.#running.get(name)
    try {
      await running?.look()
    } catch (error) {
      if (running?.abort.signal.aborted !== true) this.#options.onError(error, name)
    }
  }

  /** Ends all; runs under way are aborted. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#end(running, false)))
  }

  #start(job: Job): void {
    const { clock, sink, onError } = this.#options
    const abort = new AbortController()
    const recorder = new FindingRecorder(sink, job.labels)
    let last: Finding['outcome'] | undefined
    let isLooking = false
    const look = async (dueMs: number) => {
      if (isLooking) return
      isLooking = true
      try {
        last = (await this.#slots.run(() => this.#look(running, last, dueMs), abort.signal))?.outcome ?? last
      } finally {
        isLooking = false
      }
    }
    const running: Running = {
      job,
      recorder,
      whereabouts: new Whereabouts(),
      abort,
      done: Promise.resolve(),
      deadline: undefined,
      look: () => look(clock.now()),
    }
    this.#running.set(job.name, running)
    // The first look comes soon after the start, each job in its turn; after that the interval's own grid counts.
    const phaseMs = hash(job.name) % job.everyMs
    const firstMs = Math.min(job.everyMs, 2000) * ((hash(job.name) % 1000) / 1000)
    running.done = (async () => {
      try {
        await clock.sleep(firstMs, abort.signal)
        await look(clock.now())
      } catch (error) {
        if (abort.signal.aborted) return
        onError(error, job.name)
      }
      await every(job.everyMs, look, {
        clock,
        signal: abort.signal,
        phaseMs,
        onError: (error) => onError(error, job.name),
      })
    })()
  }

  async #end(running: Running, isGone: boolean): Promise<void> {
    const { job, recorder, abort } = running
    const reason = new Error('the check has ended')
    abort.abort(reason)
    running.deadline?.abort(reason)
    this.#running.delete(job.name)
    await running.done
    if (isGone) await recorder.end(this.#options.clock.now()).catch((error) => this.#options.onError(error, job.name))
  }

  async #look(running: Running, last: Finding['outcome'] | undefined, dueMs: number): Promise<Finding | undefined> {
    const { job, recorder, abort } = running
    const { clock, onRun, onStartDelay, onError } = this.#options
    abort.signal.throwIfAborted()
    onStartDelay(Math.max(clock.now() - dueMs, 0))
    let run = await this.#once(running)
    const isWorse = run.finding.outcome !== 'up' && run.finding.outcome !== last
    if (job.confirm && isWorse && !abort.signal.aborted) run = await this.#once(running)
    if (abort.signal.aborted) return undefined
    // The samples are in memory at once; a disk that refuses shows in the writer's own state.
    const isInMaintenance = this.#options.isInMaintenance?.(job, run.startMs) ?? false
    recorder
      .record(run.finding, run.durationMs, run.startMs, isInMaintenance)
      .catch((error) => onError(error, job.name))
    onRun(run)
    return run.finding
  }

  async #once(running: Running): Promise<Run> {
    const { job, whereabouts } = running
    const { clock, context } = this.#options
    const hosts = new Set<string>()
    const visited = (host: string, address: string | undefined) => {
      hosts.add(host)
      whereabouts.note(host, address)
    }
    const startMs = clock.now()
    const beganMs = clock.monotonicMs()
    const deadline = new AbortController()
    const timer = setTimeout(
      () => deadline.abort(new DOMException(`no answer within ${job.timeoutMs / 1000} s`, 'TimeoutError')),
      job.timeoutMs,
    )
    running.deadline = deadline
    let finding: Finding
    try {
      const found = job.run({ ...context, visited, signal: deadline.signal, timeoutMs: job.timeoutMs })
      finding = await Promise.race([found, overdue(deadline.signal)])
    } catch (error) {
      // A probe tells what it found and throws nothing; what comes here is a fault of ours, and the check shows it.
      finding = down('internal', `the probe itself failed: ${(error as Error).message}`)
    } finally {
      clearTimeout(timer)
    }
    const durationMs = clock.monotonicMs() - beganMs
    const guard = this.#options.guard?.()
    if (guard !== undefined && whereabouts.isOutside(hosts)) {
      if (finding.outcome === 'up' || finding.outcome === 'degraded') guard.noteUp(startMs)
      else finding = await guard.judge(finding)
    }
    return { job, finding, startMs, durationMs }
  }
}

/** A probe ends with its deadline; one that does not must not keep its place for ever. */
const GRACE_MS = 2000

function overdue(deadline: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(down('internal', 'the probe did not end with its deadline'))
    deadline.addEventListener('abort', () => setTimeout(giveUp, GRACE_MS).unref(), { once: true })
  })
}

/** FNV-1a, 32 bits: spreads names evenly and stays the same over restarts. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0
  return value
}
