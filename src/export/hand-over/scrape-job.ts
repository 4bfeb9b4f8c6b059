import { Secret } from '../../lib/secret.ts'
import { formatDuration } from '../../model/duration.ts'
import {
  type Credentials,
  DEFAULT_BODY_LIMIT_BYTES,
  type ScrapeConfig,
  type ScrapeTls,
} from '../../probe/scrape/config.ts'
import { RELABEL_DEFAULTS, type RelabelRule } from '../../probe/scrape/relabel.ts'
import type { HandedSecret } from './hand-over.ts'

/** Where the programs of the stack find the files of `secrets/`. */
export const SECRETS_FOLDER = '/etc/midwatch-secrets'

/** A scrape job as `prometheus.yml` has it; secrets are files. */
export function scrapeJob(config: ScrapeConfig): Record<string, unknown> {
  const { limits } = config
  const unless = <Value>(value: Value, usual: Value, entry: Record<string, unknown>) => (value === usual ? {} : entry)
  return {
    job_name: config.jobName,
    scrape_interval: formatDuration(config.intervalMs),
    scrape_timeout: formatDuration(config.timeoutMs),
    ...unless(config.metricsPath, '/metrics', { metrics_path: config.metricsPath }),
    ...unless(config.scheme, 'http', { scheme: config.scheme }),
    ...(Object.keys(config.params).length === 0 ? {} : { params: config.params }),
    ...unless(config.honorLabels, false, { honor_labels: true }),
    ...unless(config.honorTimestamps, true, { honor_timestamps: false }),
    // `track_timestamps_staleness` and `enable_compression` came with later versions of Prometheus.
    ...unless(config.trackTimestampsStaleness, false, { track_timestamps_staleness: true }),
    ...unless(config.compression, true, { enable_compression: false }),
    ...unless(config.followRedirects, true, { follow_redirects: false }),
    ...(config.credentials === undefined ? {} : printCredentials(config.credentials, config.jobName)),
    ...printTls(config.tls),
    ...(limits.samples === 0 ? {} : { sample_limit: limits.samples }),
    ...(limits.targets === 0 ? {} : { target_limit: limits.targets }),
    ...(limits.labels === 0 ? {} : { label_limit: limits.labels }),
    ...(limits.labelNameLength === 0 ? {} : { label_name_length_limit: limits.labelNameLength }),
    ...(limits.labelValueLength === 0 ? {} : { label_value_length_limit: limits.labelValueLength }),
    ...unless(limits.bodyBytes, DEFAULT_BODY_LIMIT_BYTES, { body_size_limit: `${limits.bodyBytes}B` }),
    ...(config.staticGroups.length === 0 ? {} : { static_configs: config.staticGroups.map(printGroup) }),
    ...(config.fileDiscoveries.length === 0
      ? {}
      : {
          file_sd_configs: config.fileDiscoveries.map(({ files, refreshMs }) => ({
            files,
            refresh_interval: formatDuration(refreshMs),
          })),
        }),
    ...printStage('relabel_configs', config.relabel.rules),
    ...printStage('metric_relabel_configs', config.metricRelabel.rules),
  }
}

/** The secrets of a job that were written in the config itself; those in files stay there. */
export function scrapeSecrets({ jobName, credentials }: ScrapeConfig): HandedSecret[] {
  if (credentials === undefined) return []
  const value = credentials.kind === 'header' ? credentials.credentials : credentials.password
  if (!(value instanceof Secret)) return []
  const what = credentials.kind === 'header' ? 'credentials' : 'password'
  return [{ file: secretFileName(jobName, what), what: `${what} of the scrape job ${jobName}`, variable: undefined }]
}

/** A name that is one for a file on every system. */
export function secretFileName(of: string, field: string): string {
  return `${of}-${field}`.replace(/[^A-Za-z0-9._-]+/g, '-')
}

function printCredentials(credentials: Credentials, jobName: string): Record<string, unknown> {
  const fileOf = (value: Secret | { readonly file: string }, field: string) =>
    value instanceof Secret ? `${SECRETS_FOLDER}/${secretFileName(jobName, field)}` : value.file
  if (credentials.kind === 'header') {
    const { type } = credentials
    return { authorization: { type, credentials_file: fileOf(credentials.credentials, 'credentials') } }
  }
  return {
    basic_auth: { username: credentials.username, password_file: fileOf(credentials.password, 'password') },
  }
}

function printTls({ caFile, certFile, keyFile, serverName, insecureSkipVerify }: ScrapeTls): Record<string, unknown> {
  const written = {
    ...(caFile === undefined ? {} : { ca_file: caFile }),
    ...(certFile === undefined ? {} : { cert_file: certFile }),
    ...(keyFile === undefined ? {} : { key_file: keyFile }),
    ...(serverName === undefined ? {} : { server_name: serverName }),
    ...(insecureSkipVerify ? { insecure_skip_verify: true } : {}),
  }
  return Object.keys(written).length === 0 ? {} : { tls_config: written }
}

function printGroup({ targets, labels }: ScrapeConfig['staticGroups'][number]): Record<string, unknown> {
  return { targets, ...(Object.keys(labels).length === 0 ? {} : { labels }) }
}

/** Relabelling as the files have it; nothing where there are no rules. */
export function printStage(key: string, rules: readonly RelabelRule[]): Record<string, unknown> {
  return rules.length === 0 ? {} : { [key]: rules.map(printRelabel) }
}

function printRelabel(rule: RelabelRule): Record<string, unknown> {
  const { action, sourceLabels, separator, regex, modulus, targetLabel, replacement } = rule
  return {
    ...(sourceLabels.length === 0 ? {} : { source_labels: sourceLabels }),
    ...(separator === RELABEL_DEFAULTS.separator ? {} : { separator }),
    ...(regex === RELABEL_DEFAULTS.regex ? {} : { regex }),
    ...(modulus === 0n ? {} : { modulus: Number(modulus) }),
    ...(targetLabel === '' ? {} : { target_label: targetLabel }),
    ...(replacement === RELABEL_DEFAULTS.replacement ? {} : { replacement }),
    ...(action === 'replace' ? {} : { action }),
  }
}
