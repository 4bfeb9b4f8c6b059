import type { Reason } from '../../model/finding.ts'
import type { CheckHealth } from '../../model/health.ts'
import { Given } from './text.tsx'

/** What a reason means, for somebody who has just been woken. */
const MEANINGS: Readonly<Record<Reason, string>> = {
  dns: 'the name could not be resolved',
  refused: 'nobody listens there',
  unreachable: 'there is no way to the address',
  timeout: 'no answer in time',
  reset: 'the other side hung up',
  tls: 'no trusted encrypted connection',
  certificate: 'the certificate is near its end',
  status: 'it answered with another status than expected',
  body: 'it answered with other content than expected',
  header: 'it answered with another header than expected',
  latency: 'it answered too slowly',
  protocol: 'the answer is not of the expected protocol',
  auth: 'the credentials were refused',
  threshold: 'a value is outside its limits',
  late: 'it did not report in time',
  reported: 'it reported the failure itself',
  forbidden: 'midwatch is not allowed to ask there',
  unsupported: 'this machine cannot do such a check',
  internal: 'midwatch itself failed',
}

/** Which phase failed and why: `connect: nobody listens there`, then what was seen. Nothing when there is nothing to say. */
export function Trouble({ check, max = 600 }: { readonly check: CheckHealth; readonly max?: number }) {
  const { status, phase, reason, message } = check
  if (status === 'healthy' || (reason === undefined && message === '')) return null
  return (
    <p class={`trouble ${status}`}>
      {phase !== undefined && (
        <>
          <span class="phase">
            <Given text={phase} max={60} />
          </span>{' '}
        </>
      )}
      {reason !== undefined && <strong>{MEANINGS[reason]}. </strong>}
      <Given text={message} max={max} />
    </p>
  )
}
