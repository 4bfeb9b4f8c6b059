import { z } from 'zod'

const FILES_INSTEAD =
  'write the targets to a file and name it in file_sd_configs (files are read again as they change), or list them in static_configs'

const DISCOVERIES = [
  'azure',
  'consul',
  'digitalocean',
  'dns',
  'docker',
  'dockerswarm',
  'ec2',
  'eureka',
  'gce',
  'hetzner',
  'http',
  'ionos',
  'kubernetes',
  'kuma',
  'lightsail',
  'linode',
  'marathon',
  'nerve',
  'nomad',
  'openstack',
  'ovhcloud',
  'puppetdb',
  'scaleway',
  'serverset',
  'stackit',
  'triton',
  'uyuni',
  'vultr',
]

const NATIVE_HISTOGRAMS = 'midwatch stores classic histograms only, which every client library offers; remove it'
const OWN_FORMATS = 'midwatch asks for OpenMetrics and the text format and takes what comes; remove it'

/** What Prometheus knows in a scrape config and midwatch does not, and what to do instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  ...Object.fromEntries(DISCOVERIES.map((name) => [`${name}_sd_configs`, FILES_INSTEAD])),
  bearer_token: 'write authorization: {credentials: …}',
  bearer_token_file: 'write authorization: {credentials_file: …}',
  oauth2: 'fetch a token by a script into a file and write authorization: {credentials_file: …}',
  sigv4: 'scrape through a proxy that signs requests',
  proxy_url: 'midwatch scrapes directly; scrape from a place that reaches the target, or let the target push',
  proxy_from_environment: 'midwatch scrapes directly; remove it',
  proxy_connect_header: 'midwatch scrapes directly; remove it',
  no_proxy: 'midwatch scrapes directly; remove it',
  http_headers: 'write authorization or basic_auth for credentials, params for query parameters',
  scrape_classic_histograms: NATIVE_HISTOGRAMS,
  always_scrape_classic_histograms: NATIVE_HISTOGRAMS,
  convert_classic_histograms_to_nhcb: NATIVE_HISTOGRAMS,
  scrape_native_histograms: NATIVE_HISTOGRAMS,
  native_histogram_bucket_limit: NATIVE_HISTOGRAMS,
  native_histogram_min_bucket_factor: NATIVE_HISTOGRAMS,
  scrape_protocols: OWN_FORMATS,
  fallback_scrape_protocol: OWN_FORMATS,
  metric_name_validation_scheme: 'names may be any UTF-8 text here; remove it',
  metric_name_escaping_scheme: 'names may be any UTF-8 text here; remove it',
  keep_dropped_targets: 'all dropped targets are shown; remove it',
  scrape_failure_log_file: 'failures are shown with their target and written to the log; remove it',
}

const INSTEAD_IN_TLS: Readonly<Record<string, string>> = {
  ca: 'write the certificate to a file and name it in ca_file',
  cert: 'write the certificate to a file and name it in cert_file',
  key: 'write the key to a file and name it in key_file',
  ca_ref: 'name a file in ca_file',
  cert_ref: 'name a file in cert_file',
  key_ref: 'name a file in key_file',
  min_version: 'TLS 1.2 is the lowest version that is spoken; remove it',
  max_version: 'the highest version that both sides speak is taken; remove it',
}

const INSTEAD_IN_CREDENTIALS: Readonly<Record<string, string>> = {
  credentials_ref: 'name a file in credentials_file',
  password_ref: 'name a file in password_file',
  username_file: 'write the name itself in username',
  username_ref: 'write the name itself in username',
}

/** Fields that are known only to say so, at the place where they stand. */
function refusals<Keys extends string>(instead: Readonly<Record<Keys, string>>) {
  const fields = Object.entries<string>(instead).map(([key, what]) => [
    key,
    z
      .unknown()
      .optional()
      .superRefine((value, context) => {
        if (value === undefined) return
        context.addIssue({
          code: 'custom',
          message: `${key} is a key of Prometheus that midwatch does not have; ${what}`,
        })
      }),
  ])
  return Object.fromEntries(fields) as Record<string, z.ZodOptional<z.ZodUnknown>>
}

export const unsupportedKeys = refusals(INSTEAD)
export const unsupportedTlsKeys = refusals(INSTEAD_IN_TLS)
export const unsupportedCredentialKeys = refusals(INSTEAD_IN_CREDENTIALS)
