import { z } from 'zod'
import { durationMs, headers, refuse, secret, url } from '../../probe/fields.ts'
import { authorization, basicAuth, type Credentials, type ScrapeTls, tls } from '../../probe/scrape/config.ts'
import { NO_RELABEL, type RelabelStage, relabelStage } from '../../probe/scrape/relabel-config.ts'

/** Where samples go to as well, as an entry of `remote_write` in `prometheus.yml`. */
export interface RemoteWrite {
  /** Names it in metrics, and its place in what was sent. */
  readonly name: string
  readonly url: URL
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly credentials: Credentials | undefined
  readonly tls: ScrapeTls
  readonly relabel: RelabelStage
  /** At most so many samples in a request. */
  readonly batchSamples: number
}

const queue = z
  .strictObject({
    max_samples_per_send: z
      .int({ error: 'is not a whole number; write one such as 5000' })
      .min(1, { error: 'is less than 1; write one such as 5000' })
      .max(50_000, { error: 'is more than 50000; write at most that' })
      .default(5000)
      .describe('At most so many samples in a request.'),
  })
  .prefault({})
  .describe('How samples are sent. One request at a time is under way, so that nothing overtakes.')

export const remoteWrite = z
  .strictObject({
    url: url(
      ['http:', 'https:'],
      'http://prometheus:9090/api/v1/write',
      'basic_auth: {username: …, password: …}',
    ).describe(
      'Where to post to: `/api/v1/write` of Prometheus (with `--web.enable-remote-write-receiver`), or what Mimir, Thanos, VictoriaMetrics or a service call so.',
    ),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'is not a name; write letters, digits, hyphens, dots and underscores' })
      .optional()
      .describe(
        'Names it in metrics; by default host and port of the address. A new name begins anew, with the samples of now.',
      ),
    remote_timeout: durationMs.prefault('30s').describe('How long a request may take.'),
    headers: headers.default({}).describe('Headers to send along, such as `X-Scope-OrgID` of Mimir.'),
    authorization: authorization.optional(),
    basic_auth: basicAuth.optional(),
    bearer_token: secret.optional().describe('A token for `Authorization: Bearer`.'),
    tls_config: tls.default({ insecureSkipVerify: false }),
    write_relabel_configs: relabelStage.default(NO_RELABEL).describe('Which series are sent, and under which labels.'),
    queue_config: queue,
  })
  .transform((written, context): RemoteWrite => {
    const bearer =
      written.bearer_token === undefined
        ? undefined
        : ({ kind: 'header', type: 'Bearer', credentials: written.bearer_token } as const)
    const ways = [written.authorization, written.basic_auth, bearer].filter((way) => way !== undefined)
    if (ways.length > 1)
      return refuse(context, 'has more than one of authorization, basic_auth and bearer_token; keep one')
    return {
      name: written.name ?? written.url.host,
      url: written.url,
      timeoutMs: written.remote_timeout,
      headers: written.headers,
      credentials: ways[0],
      tls: written.tls_config,
      relabel: written.write_relabel_configs,
      batchSamples: written.queue_config.max_samples_per_send,
    }
  })

export const remoteWrites = z
  .array(remoteWrite, { error: 'is not a list; write a line with "- url: …" for each' })
  .superRefine((entries, context) => {
    const seen = new Set<string>()
    for (const [index, { name }] of entries.entries()) {
      if (seen.has(name)) {
        const message = `${JSON.stringify(name)} is the name of another one, too; give each its own name`
        context.addIssue({ code: 'custom', message, path: [index, 'name'], input: name })
      }
      seen.add(name)
    }
  })
  .describe('Stores that get every sample as well, by Prometheus’ remote write: see [Leave](../hand-over.md).')
