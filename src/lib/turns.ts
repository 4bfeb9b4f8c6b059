/** How long work may go on before others get their turn. */
const TURN_MS = 3

/**
 * Keeps long work on the main thread from holding up everything else: `if (turns.isOver()) await turns.next()` between
 * its parts.
 */
export class Turns {
  #endMs = performance.now() + TURN_MS

  /** Whether this turn has taken its time; cheap enough to ask every few hundred steps. */
  isOver(): boolean {
    return performance.now() >= this.#endMs
  }

  /** Lets the event loop go round once. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#endMs = performance.now() + TURN_MS
  }
}
