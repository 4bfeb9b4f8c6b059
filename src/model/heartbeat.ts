/** When a sign of life is expected, and how late it may be. */
export interface Heartbeat {
  readonly schedule:
    | { readonly type: 'period'; readonly periodMs: number }
    | { readonly type: 'cron'; readonly cron: string; readonly timezone: string | undefined }
  /** How late it may be. */
  readonly graceMs: number
  /** How long a job may take from its start signal to its end; undefined is as long as the grace. */
  readonly maxRuntimeMs: number | undefined
}

/** What a ping said: the job is done, has begun, has failed, has something to tell, or ended with an exit code. */
export type PingKind = 'success' | 'start' | 'fail' | 'log' | 'exit'

/** A sign of life, as it is remembered. */
export interface Ping {
  readonly name: string
  readonly atMs: number
  readonly kind: PingKind
  /** Pairs a start with its end. */
  readonly runId: string | undefined
  /** 0 to 255; of an `exit` only. */
  readonly exitCode: number | undefined
  /** From the start with the same run id, or the last start, to this end. */
  readonly durationMs: number | undefined
  /** Where it came from. */
  readonly source: string | undefined
  readonly body: string | undefined
}
