import type { Reason } from '../../model/finding.ts'
import type { CheckHealth } from '../../model/health.ts'
import { Given } from './text.tsx'

/** What a reason means, for somebody who has just been woken. */
const MEANINGS: Readonly<Record<Reason, string>> = {
  dns: 'The name could not be resolved',
  refused: 'Nobody listens there',
  unreachable: 'There is no way to the address',
  timeout: 'No answer in time',
  reset: 'The other side hung up',
  tls: 'No trusted encrypted connection',
  certificate: 'The certificate is near its end',
  status: 'It answered with another status than expected',
  body: 'It answered with other content than expected',
  header: 'It answered with another header than expected',
  latency: 'It answered too slowly',
  protocol: 'The answer is not of the expected protocol',
  auth: 'The credentials were refused',
  threshold: 'A value is outside its limits',
  late: 'It did not report in time',
  reported: 'It reported the failure itself',
  offline: 'midwatch itself has no way out',
  forbidden: 'midwatch is not allowed to ask there',
  unsupported: 'This machine cannot do such a check',
  internal: 'The trouble is on midwatch’s own side',
}

function meaningOf(reason: Reason, status: CheckHealth['status']): string {
  // It is not said to be late before its time is over.
  if (reason === 'late' && status === 'unknown') return 'Whether it reports in time is not known yet'
  return MEANINGS[reason]
}

/** Why it is not healthy: what that means, in which phase it happened, then what was seen. */
export function Trouble({ check, max = 600 }: { readonly check: CheckHealth; readonly max?: number }) {
  const { status, phase, reason, message } = check
  if (status === 'healthy' || (reason === undefined && message === '')) return null
  return (
    <p class={`trouble ${status}`}>
      {reason !== undefined && <strong>{meaningOf(reason, status)}. </strong>}
      {phase !== undefined && (
        <>
          <span class="phase">
            <span class="muted">phase</span> <Given text={phase} max={60} />
          </span>{' '}
        </>
      )}
      <Given text={message} max={max} />
    </p>
  )
}
