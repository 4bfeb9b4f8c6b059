import { alertmanager } from './alertmanager.ts'
import { blackbox } from './blackbox.ts'
import type { ExportDocument } from './document.ts'
import { prometheus } from './prometheus.ts'

/** Every part of the hand-over, in the order in which its report tells of them. A new one is its own file and a line here. */
export const documents: readonly ExportDocument[] = [prometheus, blackbox, alertmanager]
