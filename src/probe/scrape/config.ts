import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { formatDuration } from '../../model/duration.ts'
import { durationMs, refuse, secret } from '../fields.ts'
import { NO_RELABEL, type RelabelStage, relabelStage } from './relabel-config.ts'
import { unsupportedCredentialKeys, unsupportedKeys, unsupportedTlsKeys } from './unsupported.ts'

/** As Prometheus' own: `global.scrape_interval` and `global.scrape_timeout` when they are not set. */
export const DEFAULT_INTERVAL_MS = 60_000
export const DEFAULT_TIMEOUT_MS = 10_000
/** Nobody's exposition is longer; without a cap a small gzip body could fill the memory. */
export const DEFAULT_BODY_LIMIT_BYTES = 256 * 1024 * 1024

/** Targets written down together, with labels that all of them get. */
export interface TargetGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

export interface FileDiscovery {
  /** Paths, `*` allowed in the file's name; relative ones to the folder of the config. */
  readonly files: readonly string[]
  readonly refreshMs: number
}

/** What is sent along to be let in. Files are read at each scrape. */
export type Credentials =
  | { readonly kind: 'header'; readonly type: string; readonly credentials: Secret | FileRef }
  | { readonly kind: 'basic'; readonly username: string; readonly password: Secret | FileRef }

export interface FileRef {
  readonly file: string
}

export interface ScrapeTls {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly serverName?: string
  readonly insecureSkipVerify: boolean
}

/** 0 is no limit, except for the body, which always has one. */
export interface ScrapeLimits {
  readonly samples: number
  readonly targets: number
  readonly labels: number
  readonly labelNameLength: number
  readonly labelValueLength: number
  readonly bodyBytes: number
}

/** One entry of `scrape_configs`, ready to use. */
export interface ScrapeConfig {
  readonly jobName: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly metricsPath: string
  readonly scheme: 'http' | 'https'
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly compression: boolean
  readonly followRedirects: boolean
  readonly credentials: Credentials | undefined
  readonly tls: ScrapeTls
  readonly limits: ScrapeLimits
  readonly staticGroups: readonly TargetGroup[]
  readonly fileDiscoveries: readonly FileDiscovery[]
  readonly relabel: RelabelStage
  readonly metricRelabel: RelabelStage
}

const text = z.string()
const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const limit = z
  .int({ error: 'is not a whole number; write 0 for no limit' })
  .min(0, { error: 'is negative; write 0 for no limit' })
const positiveMs = durationMs.refine((ms) => ms > 0, { error: 'is zero; write a duration such as 15s' })

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
export const labelSet = z
  .record(z.string(), scalarText, { error: 'is not a map of labels; write {env: production}' })
  .superRefine((labels, context) => {
    for (const name of Object.keys(labels)) {
      if (LABEL_NAME.test(name)) continue
      const message = `${JSON.stringify(name)} is not a label name; write letters, digits and underscores, not beginning with a digit`
      context.addIssue({ code: 'custom', message, path: [name], input: undefined })
    }
  })

/**
 * An address as Prometheus takes it: host and port, no scheme and no path.
 *
 * @param pathKey where the path belongs
 */
export function targetAddress(pathKey: string) {
  return z.string({ error: 'is not a target; write host:port' }).superRefine((address, context) => {
    if (address !== '' && !address.includes('/')) return
    const message =
      address === ''
        ? 'is empty; write host:port'
        : `${JSON.stringify(address)} is not host:port; the scheme belongs in scheme, the path in ${pathKey}`
    context.addIssue({ code: 'custom', message, input: address })
  })
}

/** One entry of `static_configs`, and of a file that `file_sd_configs` names. */
export const targetGroup = z
  .strictObject({
    targets: z.array(targetAddress('metrics_path'), {
      error: 'is not a list; write targets such as [app.example.org:9100]',
    }),
    labels: labelSet.optional(),
  })
  .transform(({ targets, labels }): TargetGroup => ({ targets, labels: labels ?? {} }))

const FILE_PATTERN = /^[^*]*(?:\*[^/*]*)?\.(?:json|ya?ml|JSON|YA?ML)$/

const fileDiscovery = z
  .strictObject({
    files: z
      .array(
        z.string().regex(FILE_PATTERN, {
          error: ({ input }) =>
            `${JSON.stringify(input)} is not a file of targets; write a path that ends in .json, .yml or .yaml, with at most one * in the file's name`,
        }),
        { error: 'is not a list; write paths such as [targets/*.yml]' },
      )
      .min(1, { error: 'is empty; write paths such as [targets/*.yml]' }),
    refresh_interval: positiveMs.prefault('5m'),
  })
  .transform(({ files, refresh_interval }): FileDiscovery => ({ files, refreshMs: refresh_interval }))

export const authorization = z
  .strictObject({
    type: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'is not a scheme of authorization; write Bearer' })
      .optional()
      .describe('The scheme; `Bearer` unless told.'),
    credentials: secret.optional(),
    credentials_file: text.optional().describe('A file that has the credentials.'),
    ...unsupportedCredentialKeys,
  })
  .transform((written, context): Credentials => {
    const type = written.type ?? 'Bearer'
    if (type.toLowerCase() === 'basic')
      return refuse(context, 'type is Basic; write basic_auth: {username: …, password: …}')
    const credentials = oneOf(written.credentials, written.credentials_file)
    if (credentials === undefined) return refuse(context, 'needs either credentials or credentials_file')
    return { kind: 'header', type, credentials }
  })

export const basicAuth = z
  .strictObject({
    username: scalarText.optional().describe('The user.'),
    password: secret.optional(),
    password_file: text.optional().describe('A file that has the password.'),
    ...unsupportedCredentialKeys,
  })
  .transform((written, context): Credentials => {
    if (written.password !== undefined && written.password_file !== undefined) {
      return refuse(context, 'has both password and password_file; remove one')
    }
    const password = oneOf(written.password, written.password_file) ?? new Secret('')
    return { kind: 'basic', username: written.username ?? '', password }
  })

export const tls = z
  .strictObject({
    ca_file: text.optional().describe('PEM file of authorities to trust, in place of the usual ones.'),
    cert_file: text.optional().describe('PEM file of a client certificate.'),
    key_file: text.optional().describe('PEM file of its key.'),
    server_name: text.optional().describe('The name to find in the certificate, if not the host.'),
    insecure_skip_verify: z.boolean().default(false).describe('Takes any certificate.'),
    ...unsupportedTlsKeys,
  })
  .transform((written, context): ScrapeTls => {
    if ((written.cert_file === undefined) !== (written.key_file === undefined)) {
      return refuse(context, 'has only one of cert_file and key_file; a client certificate needs both')
    }
    return {
      ...(written.ca_file === undefined ? {} : { caFile: written.ca_file }),
      ...(written.cert_file === undefined ? {} : { certFile: written.cert_file }),
      ...(written.key_file === undefined ? {} : { keyFile: written.key_file }),
      ...(written.server_name === undefined ? {} : { serverName: written.server_name }),
      insecureSkipVerify: written.insecure_skip_verify,
    }
  })

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
}

/** `10MB` is 10 × 1024 × 1024, as Prometheus counts. */
const byteSize = z
  .union([z.string(), z.number()], { error: 'is not a size; write one such as 20MB' })
  .transform((written, context): number => {
    const match = /^(\d+(?:\.\d+)?)(?:([KMGT])i?)?B?$/.exec(String(written))
    if (match === null) return refuse(context, `${JSON.stringify(written)} is not a size; write one such as 20MB`)
    return Math.floor(Number(match[1]) * (BYTES_PER_UNIT[match[2] ?? ''] as number))
  })

/** One entry of `scrape_configs`, as in `prometheus.yml`. */
export const scrapeConfig = z
  .strictObject({
    job_name: scalarText.refine((name) => name !== '', { error: 'is empty; write the name of the job, such as node' }),
    scrape_interval: positiveMs.optional(),
    scrape_timeout: positiveMs.optional(),
    metrics_path: text.default('/metrics'),
    scheme: z.enum(['http', 'https'], { error: 'is not a scheme; write http or https' }).default('http'),
    params: z
      .record(z.string(), z.array(scalarText, { error: 'is not a list; write values such as [cpu]' }))
      .default({}),
    honor_labels: z.boolean().default(false),
    honor_timestamps: z.boolean().default(true),
    track_timestamps_staleness: z.boolean().default(false),
    static_configs: z.array(targetGroup).default([]),
    file_sd_configs: z.array(fileDiscovery).default([]),
    relabel_configs: relabelStage.default(NO_RELABEL),
    metric_relabel_configs: relabelStage.default(NO_RELABEL),
    authorization: authorization.optional(),
    basic_auth: basicAuth.optional(),
    tls_config: tls.default({ insecureSkipVerify: false }),
    follow_redirects: z.boolean().default(true),
    enable_compression: z.boolean().default(true),
    /** Taken so that files need not be changed; HTTP/1.1 is spoken in any case, as every target does. */
    enable_http2: z.boolean().optional(),
    sample_limit: limit.default(0),
    target_limit: limit.default(0),
    label_limit: limit.default(0),
    label_name_length_limit: limit.default(0),
    label_value_length_limit: limit.default(0),
    body_size_limit: byteSize.default(0),
    ...unsupportedKeys,
  })
  .transform((written, context): ScrapeConfig => {
    if (written.authorization !== undefined && written.basic_auth !== undefined) {
      return refuse(context, 'has both authorization and basic_auth; remove one')
    }
    const intervalMs = written.scrape_interval ?? DEFAULT_INTERVAL_MS
    const timeoutMs = written.scrape_timeout ?? Math.min(DEFAULT_TIMEOUT_MS, intervalMs)
    if (timeoutMs > intervalMs) {
      const [timeout, interval] = [formatDuration(timeoutMs), formatDuration(intervalMs)]
      return refuse(
        context,
        `scrape_timeout (${timeout}) is longer than scrape_interval (${interval}); make it shorter`,
      )
    }
    return {
      jobName: written.job_name,
      intervalMs,
      timeoutMs,
      metricsPath: written.metrics_path,
      scheme: written.scheme,
      params: written.params,
      honorLabels: written.honor_labels,
      honorTimestamps: written.honor_timestamps,
      trackTimestampsStaleness: written.track_timestamps_staleness,
      compression: written.enable_compression,
      followRedirects: written.follow_redirects,
      credentials: written.authorization ?? written.basic_auth,
      tls: written.tls_config,
      limits: {
        samples: written.sample_limit,
        targets: written.target_limit,
        labels: written.label_limit,
        labelNameLength: written.label_name_length_limit,
        labelValueLength: written.label_value_length_limit,
        bodyBytes: written.body_size_limit === 0 ? DEFAULT_BODY_LIMIT_BYTES : written.body_size_limit,
      },
      staticGroups: written.static_configs,
      fileDiscoveries: written.file_sd_configs,
      relabel: written.relabel_configs,
      metricRelabel: written.metric_relabel_configs,
    }
  })

/** The whole of `scrape_configs`; each job has its own name. */
export const scrapeConfigs = z
  .array(scrapeConfig, { error: 'is not a list; write a line with "- job_name: …" for each job' })
  .superRefine((configs, context) => {
    const seen = new Set<string>()
    for (const [index, { jobName }] of configs.entries()) {
      if (seen.has(jobName)) {
        const message = `${JSON.stringify(jobName)} is the name of another job, too; give each its own`
        context.addIssue({ code: 'custom', message, path: [index, 'job_name'], input: jobName })
      }
      seen.add(jobName)
    }
  })

function oneOf(credentials: Secret | undefined, file: string | undefined): Secret | FileRef | undefined {
  if (credentials !== undefined) return file === undefined ? credentials : undefined
  return file === undefined ? undefined : { file }
}
