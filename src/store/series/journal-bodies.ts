import type { Request } from '../operation.ts'
import { appendJournal, type JournalAppend } from './operations.ts'

/**
 * The memory of journal entries among some operations, where it holds nothing else: it moves to the writer's thread rather than being
 * copied, and is given back there, since whoever made an entry is done with it.
 */
export function journalBodies(requests: readonly Request[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const { operation, args } of requests) {
    if (operation !== appendJournal.name) continue
    const { body } = args as JournalAppend
    if (body !== undefined && body.byteLength === body.buffer.byteLength) buffers.push(body.buffer as ArrayBuffer)
  }
  return buffers
}
