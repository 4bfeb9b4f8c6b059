import type { HealthStatus } from '../../model/health.ts'
import { Given } from './text.tsx'

/** What needs a look first comes first. */
export const STATUSES: readonly HealthStatus[] = ['unhealthy', 'degraded', 'unknown', 'healthy']

const WORDS: Readonly<Record<HealthStatus, string>> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  unhealthy: 'Unhealthy',
  unknown: 'Unknown',
}

export function statusWord(status: HealthStatus): string {
  return WORDS[status]
}

/** Every status has its own outline, so that it is told without colour: circle, triangle, octagon, dashed circle. */
export function StatusIcon({ status }: { readonly status: HealthStatus }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {shape(status)}
    </svg>
  )
}

function shape(status: HealthStatus) {
  switch (status) {
    case 'healthy':
      return (
        <>
          <circle class="solid" cx="8" cy="8" r="7.5" />
          <path class="sign" d="M4.6 8.3 7 10.7l4.5-5" />
        </>
      )
    case 'degraded':
      return (
        <>
          <path class="solid" d="M8 .8 15.6 15H.4z" />
          <path class="sign" d="M8 6v4.2M8 12.1v1" />
        </>
      )
    case 'unhealthy':
      return (
        <>
          <path class="solid" d="M4.9.5h6.2l4.4 4.4v6.2l-4.4 4.4H4.9L.5 11.1V4.9z" />
          <path class="sign" d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" />
        </>
      )
    case 'unknown':
      return (
        <>
          <circle class="outline" cx="8" cy="8" r="6.9" />
          <path class="mark" d="M6 6.4A2 2 0 1 1 8 8.6v.9M8 11.2v1" />
        </>
      )
  }
}

/** Icon and word. */
export function StatusMark({ status }: { readonly status: HealthStatus }) {
  return (
    <span class={`status ${status}`}>
      <StatusIcon status={status} />
      {WORDS[status]}
    </span>
  )
}

const SEVERITIES: readonly string[] = ['critical', 'high', 'medium', 'low']

/** A severity as a tag; the four of midwatch have colours of their own, any other word is shown as it is. */
export function Severity({ severity }: { readonly severity: string | undefined }) {
  if (severity === undefined || severity === '') return null
  const style = SEVERITIES.includes(severity) ? `severity-${severity}` : 'severity-other'
  return (
    <span class={`severity ${style}`}>
      <Given text={severity} max={40} />
    </span>
  )
}
