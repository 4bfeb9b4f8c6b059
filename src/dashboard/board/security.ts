import type { Board } from '../build.ts'
import { bars, graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const LOGINS = { at: 19.9, color: 'red', alert: 'AuthFailuresHigh' } as const
const SIGNATURES = { at: 4.9, color: 'red', alert: 'WebhookSignatureFailures' } as const
const DAY_S = 86_400

export const security: Board = {
  uid: UIDS.security,
  title: 'Security posture',
  description: 'Does somebody try to get in, is something refused that should not be, and what is about to expire.',
  alerts: ['AuthFailuresHigh', 'WebhookSignatureFailures', 'CertificateExpiresSoon'],
  span: '24h',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Failed logins, 10 min',
          description: 'Of the kind with the most.',
          unit: 'short',
          decimals: 0,
          ask: 'max(sum by (kind) (increase(auth_failures_total[10m]))) or vector(0)',
          limits: [LOGINS],
        }),
        stat({
          title: 'Wrong signatures, 15 min',
          description:
            'Webhooks that claim to come from a source and do not carry its signature; of the source with the most.',
          unit: 'short',
          decimals: 0,
          ask: 'max(sum by (source) (increase(webhook_signature_failures_total[15m]))) or vector(0)',
          limits: [SIGNATURES],
        }),
        stat({
          title: 'Security events, 24 h',
          description: 'What the application reported as a matter of security.',
          unit: 'short',
          decimals: 0,
          ask: 'sum(increase(security_events_total[1d])) or vector(0)',
          limits: [{ at: 0.9, color: 'orange' }],
        }),
        stat({
          title: 'Requests turned away, 1 h',
          description: 'Requests that a rate limit refused.',
          unit: 'short',
          decimals: 0,
          ask: 'sum(increase(rate_limit_hits_total[1h])) or vector(0)',
          limits: [{ at: 100, color: 'orange' }],
        }),
        stat({
          title: 'Next certificate expires in',
          description: 'Time that is left of the certificate that expires first.',
          unit: 's',
          ask: 'min((probe_ssl_earliest_cert_expiry > 0) - time())',
          base: 'red',
          limits: [
            { at: 3 * DAY_S, color: 'orange', alert: 'CertificateExpiresSoon' },
            { at: 14 * DAY_S, color: 'green', alert: 'CertificateExpiresSoon' },
          ],
          noValue: 'no certificate',
          onward: { uid: UIDS.checks, title: 'Checks and uptime' },
        }),
        stat({
          title: 'Violations of policies, 24 h',
          description: 'Over all policies.',
          unit: 'short',
          decimals: 0,
          ask: 'sum(increase(policy_violations_total[1d])) or vector(0)',
          limits: [{ at: 0.9, color: 'red' }],
          onward: { uid: UIDS.governance, title: 'Governance and audit' },
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Failed logins',
          description:
            'By kind, within ten minutes. Many kinds at once are a scan; one kind is a password that was changed, or an attack on it.',
          unit: 'short',
          ask: { expr: 'sum by (kind) (increase(auth_failures_total[10m]))', legend: '{{kind}}' },
          limits: [LOGINS],
        }),
        graph({
          title: 'Wrong signatures',
          description: 'By source, within 15 minutes.',
          unit: 'short',
          ask: { expr: 'sum by (source) (increase(webhook_signature_failures_total[15m]))', legend: '{{source}}' },
          limits: [SIGNATURES],
        }),
        graph({
          title: 'Security events',
          description: 'By kind, within an hour.',
          unit: 'short',
          isBars: true,
          ask: { expr: 'sum by (kind) (increase(security_events_total[1h]))', legend: '{{kind}}' },
        }),
        graph({
          title: 'Requests turned away',
          description: 'By kind of limit, within ten minutes.',
          unit: 'short',
          ask: { expr: 'sum by (kind) (increase(rate_limit_hits_total[10m]))', legend: '{{kind}}' },
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        bars({
          title: 'Certificates expire in',
          description: 'Time that is left of the certificate that each check saw.',
          unit: 's',
          ask: {
            expr: 'sort(min by (check) ((probe_ssl_earliest_cert_expiry > 0) - time()))',
            legend: '{{check}}',
          },
          base: 'red',
          limits: [
            { at: 3 * DAY_S, color: 'orange', alert: 'CertificateExpiresSoon' },
            { at: 14 * DAY_S, color: 'green', alert: 'CertificateExpiresSoon' },
          ],
        }),
        table({
          title: 'TLS versions',
          description: 'What each check agreed on with the other side. TLS 1.0 and 1.1 are out of date.',
          unit: 'none',
          width: 12,
          ask: 'max by (check, version) (probe_tls_version_info)',
          columns: [
            { field: 'check', title: 'Check' },
            { field: 'version', title: 'Version' },
            { field: 'Value', title: 'Seen' },
          ],
        }),
        table({
          title: 'Every kind, 24 h',
          description:
            'Failed logins, security events and refused requests of each kind within 24 hours. An empty field is none.',
          unit: 'none',
          ask: [
            { expr: 'sum by (kind) (increase(auth_failures_total[1d]))' },
            { expr: 'sum by (kind) (increase(security_events_total[1d]))' },
            { expr: 'sum by (kind) (increase(rate_limit_hits_total[1d]))' },
          ],
          columns: [
            { field: 'kind', title: 'Kind' },
            { field: 'Value #A', title: 'Failed logins', unit: 'short', decimals: 0 },
            { field: 'Value #B', title: 'Events', unit: 'short', decimals: 0 },
            { field: 'Value #C', title: 'Turned away', unit: 'short', decimals: 0 },
          ],
        }),
      ],
    },
  ],
}
