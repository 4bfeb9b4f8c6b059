/** An SLO that was made by asking for it rather than by a file. */
export interface StoredSlo {
  readonly id: string
  /** As it was sent: the keys of an SLO in a file, and `service`. */
  readonly spec: Readonly<Record<string, unknown>>
  readonly createdMs: number
  readonly updatedMs: number
  readonly createdBy: string
  readonly updatedBy: string
}
