import { z } from 'zod'
import { durationMs, headers, refuse, url } from '../../probe/fields.ts'
import { authorization, basicAuth, type Credentials } from '../../probe/scrape/config.ts'
import { NO_RELABEL } from '../../probe/scrape/relabel-config.ts'
import type { RemoteWrite } from './remote-write-config.ts'

/** The server that answers queries in the place of midwatch's own store. */
export interface MetricsBackend {
  readonly url: URL
  readonly writeUrl: URL
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: Credentials | undefined
}

const INSTEAD = 'basic_auth: {username: …, password: …}'

export const metricsBackend = z
  .strictObject({
    prometheus: url(['http:', 'https:'], 'http://prometheus:9090', INSTEAD).describe(
      'A server with Prometheus’ API: Prometheus, Mimir (`http://mimir/prometheus`), Thanos, VictoriaMetrics.',
    ),
    write: url(['http:', 'https:'], 'http://prometheus:9090/api/v1/write', INSTEAD)
      .optional()
      .describe('Where samples go by remote write; by default `/api/v1/write` of the server.'),
    timeout: durationMs.prefault('30s').describe('How long an answer may take.'),
    headers: headers.default({}).describe('Headers to send along, such as `X-Scope-OrgID` of Mimir.'),
    authorization: authorization.optional(),
    basic_auth: basicAuth.optional(),
  })
  .transform((written, context): MetricsBackend => {
    if (written.authorization !== undefined && written.basic_auth !== undefined) {
      return refuse(context, 'has both authorization and basic_auth; keep one')
    }
    const { prometheus } = written
    return {
      url: prometheus,
      writeUrl: written.write ?? new URL(`${prometheus.href.replace(/\/$/, '')}/api/v1/write`),
      timeoutMs: written.timeout,
      headers: written.headers,
      credentials: written.authorization ?? written.basic_auth,
    }
  })

/** The samples go to where they are asked for, unless they go there anyway. */
export function withBackend(
  remotes: readonly RemoteWrite[],
  backend: MetricsBackend | undefined,
): readonly RemoteWrite[] {
  if (backend === undefined || remotes.some(({ url }) => url.href === backend.writeUrl.href)) return remotes
  const { writeUrl, timeoutMs, headers, credentials } = backend
  return [
    ...remotes,
    {
      name: 'metrics-backend',
      url: writeUrl,
      timeoutMs,
      headers,
      credentials,
      tls: { insecureSkipVerify: false },
      relabel: NO_RELABEL,
      batchSamples: 5000,
    },
  ]
}
