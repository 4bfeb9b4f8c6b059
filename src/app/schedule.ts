import { createTask, type ScheduledTask, setLogger } from 'node-cron'
import type { Log } from '../telemetry/log.ts'

interface Entry {
  readonly cron: string
  readonly timezone: string | undefined
  readonly work: (dueMs: number) => Promise<void>
  readonly task: ScheduledTask
}

const LOOK_AT_CLOCK_MS = 5000
/** A clock that is put back less far is waited for. */
const SETBACK_MS = 2000

/** Work that people state as cron: evaluation, sealing, retention. */
export class Schedule {
  readonly #log: Log
  readonly #tasks = new Map<string, Entry>()
  readonly #watch: NodeJS.Timeout
  /** How far the clock is from one that never jumps. */
  #offsetMs = clockOffsetMs()

  constructor(log: Log) {
    this.#log = log
    this.#watch = setInterval(() => this.#lookAtClock(), LOOK_AT_CLOCK_MS).unref()
    setLogger({
      info: (message) => log.debug({ event: 'schedule.info' }, message),
      debug: (message) => log.trace({ event: 'schedule.debug' }, String(message)),
      warn: (message) => log.warn({ event: 'schedule.warning' }, message),
      error: (message) => log.error({ event: 'schedule.failed' }, String(message)),
    })
  }

  /**
   * Runs `work` at every moment that the cron line means; takes the place of a task of the same name.
   *
   * @param work gets the moment that was meant, epoch milliseconds
   */
  set(name: string, cron: string, timezone: string | undefined, work: (dueMs: number) => Promise<void>): void {
    void this.#tasks.get(name)?.task.destroy()
    const task = createTask(
      cron,
      ({ date }) =>
        work(date.getTime()).catch((error: unknown) => {
          this.#log.error({ event: 'schedule.failed', task: name, err: error }, 'scheduled work failed')
        }),
      // A busy machine may be late; being late is measured, not skipped.
      {
        name,
        suppressMissedWarning: true,
        missedExecutionTolerance: 60_000,
        ...(timezone === undefined ? {} : { timezone }),
      },
    )
    this.#tasks.set(name, { cron, timezone, work, task })
    void task.start()
  }

  /** A task waits for a moment; once the clock is put back, that would be hours away, with nothing judged until then. */
  #lookAtClock(): void {
    const before = this.#offsetMs
    this.#offsetMs = clockOffsetMs()
    if (before - this.#offsetMs < SETBACK_MS) return
    const seconds = Math.round((before - this.#offsetMs) / 1000)
    this.#log.warn({ event: 'schedule.clock_set_back', seconds }, 'the clock was put back; the schedule begins anew')
    for (const [name, { cron, timezone, work }] of this.#tasks) this.set(name, cron, timezone, work)
  }

  stop(): void {
    clearInterval(this.#watch)
    for (const { task } of this.#tasks.values()) void task.destroy()
    this.#tasks.clear()
  }
}

function clockOffsetMs(): number {
  return Date.now() - performance.now()
}
