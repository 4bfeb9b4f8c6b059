import { createTask, type ScheduledTask, setLogger } from 'node-cron'
import type { Log } from '../telemetry/log.ts'

/** Work that people state as cron: evaluation, sealing, retention. */
export class Schedule {
  readonly #log: Log
  readonly #tasks = new Map<string, ScheduledTask>()

  constructor(log: Log) {
    this.#log = log
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
    void this.#tasks.get(name)?.destroy()
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
    this.#tasks.set(name, task)
    void task.start()
  }

  /** The longest time between the next few runs of a task, milliseconds. */
  spacingMs(name: string): number {
    const runs = this.#tasks.get(name)?.getNextRuns(12) ?? []
    return Math.max(1000, ...runs.slice(1).map((run, i) => run.getTime() - (runs[i] as Date).getTime()))
  }

  stop(): void {
    for (const task of this.#tasks.values()) void task.destroy()
    this.#tasks.clear()
  }
}
