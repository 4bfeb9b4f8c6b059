/** Why a check is not fine, in a word that routes and pages can rely on. */
export type Reason =
  | 'dns' // the name could not be resolved
  | 'refused' // nobody listens there
  | 'unreachable' // no way to the address
  | 'timeout' // the deadline passed; `phase` says in what
  | 'reset' // the other side hung up
  | 'tls' // no handshake, or a certificate that can't be trusted
  | 'certificate' // valid, but expires too soon
  | 'status' // answered with a status that was not expected
  | 'body' // answered, but the content is not what was expected
  | 'header' // answered, but a header is not what was expected
  | 'latency' // answered too slowly
  | 'protocol' // the answer is not of the expected protocol
  | 'auth' // credentials were refused
  | 'threshold' // a measured value is outside its limits
  | 'late' // a heartbeat did not come in time
  | 'reported' // the other side reported the failure itself
  | 'offline' // midwatch itself has no way out, as the config lets it find out
  | 'forbidden' // our own policy does not allow the target
  | 'unsupported' // this machine can't do such a probe
  | 'internal' // our own fault

/** One measured number; `job`, `instance`, `check` and the check's own labels are added by the runner. */
export interface ProbeMetric {
  readonly name: string
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** What shows in `/health` beside the state: pool sizes, queue lengths, status codes. */
export type Details = Readonly<Record<string, string | number | boolean>>

interface Measured {
  readonly metrics: readonly ProbeMetric[]
  readonly details: Details
}

/**
 * What a probe found. `up`: as expected. `degraded`: works, yet something needs a look (slow, certificate near its end).
 * `down`: does not work. `unknown`: could not be judged.
 */
export type Finding =
  | (Measured & { readonly outcome: 'up' })
  | (Measured & {
      readonly outcome: 'degraded' | 'down' | 'unknown'
      readonly reason: Reason
      /** What happened, for a person: what was expected and what came instead. */
      readonly message: string
      /** The part of the probe that failed: `resolve`, `connect`, `tls`, `processing`, `transfer`, … */
      readonly phase?: string
    })

interface Extras {
  readonly metrics?: readonly ProbeMetric[]
  readonly details?: Details
  readonly phase?: string | undefined
}

export function up({ metrics = [], details = {} }: Omit<Extras, 'phase'> = {}): Finding {
  return { outcome: 'up', metrics, details }
}

export function degraded(reason: Reason, message: string, extras: Extras = {}): Finding {
  return notFine('degraded', reason, message, extras)
}

export function down(reason: Reason, message: string, extras: Extras = {}): Finding {
  return notFine('down', reason, message, extras)
}

export function unknown(reason: Reason, message: string, extras: Extras = {}): Finding {
  return notFine('unknown', reason, message, extras)
}

function notFine(
  outcome: 'degraded' | 'down' | 'unknown',
  reason: Reason,
  message: string,
  { metrics = [], details = {}, phase }: Extras,
): Finding {
  return { outcome, reason, message, metrics, details, ...(phase === undefined ? {} : { phase }) }
}
