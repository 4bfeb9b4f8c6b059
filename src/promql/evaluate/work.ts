import type { Pacer } from './pacer.ts'

/**
 * Work that can be left and taken up again. It yields nothing when others should get a turn, and a promise when it needs what
 * that promises. Unlike an async function it costs no turn of the event loop where it never has to wait.
 */
export type Work<T> = Generator<Promise<unknown> | undefined, T, unknown>

/** Waits for a promise, as `await` does. */
export function* arrival<T>(promise: Promise<T>): Work<T> {
  return (yield promise) as T
}

/** Runs work to its end: at once when it never yields, with turns for others in between otherwise. */
export function perform<T>(work: Work<T>, pacer: Pacer): T | Promise<T> {
  const { done, value } = work.next()
  return done === true ? value : goOn(work, value, pacer)
}

async function goOn<T>(work: Work<T>, first: Promise<unknown> | undefined, pacer: Pacer): Promise<T> {
  let wanted = first
  for (;;) {
    if (wanted === undefined) await pacer.pause()
    const step = work.next(await wanted)
    if (step.done === true) return step.value
    wanted = step.value
  }
}
