import type { ExportedFile, HandedSecret, HandOver } from './hand-over.ts'

/** One part of the hand-over: files for one program, and what there is to say of them. */
export interface ExportDocument {
  /** Names it for `--only`. */
  readonly key: string
  readonly summary: string
  files(handOver: HandOver): readonly ExportedFile[]
  /** What moves and how, for the report. */
  report(handOver: HandOver): readonly ReportRow[]
  /** Secrets that the files name. */
  secrets?(handOver: HandOver): readonly HandedSecret[]
  /** Programs that say whether the files are right, and how they are asked: arguments with paths in the folder. */
  readonly checks?: (handOver: HandOver) => readonly ProgramCheck[]
}

export interface ReportRow {
  /** What it is about, such as `check shop`. */
  readonly what: string
  /** It moves as it is; it moves and something is different then; nothing there does it. */
  readonly outcome: 'unchanged' | 'changed' | 'missing'
  /** What is different, or what stands in for it; empty when nothing is to be said. */
  readonly text: string
}

export interface ProgramCheck {
  /** Names under which the program is installed, the usual one first. */
  readonly programs: readonly string[]
  /** Relative to the folder of the hand-over, which is where it runs. */
  readonly args: readonly string[]
}

export function defineDocument(document: ExportDocument): ExportDocument {
  return document
}
