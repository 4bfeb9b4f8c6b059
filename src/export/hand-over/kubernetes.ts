import { createHash } from 'node:crypto'
import { printYaml } from '../../lib/yaml-text.ts'
import { formatDuration } from '../../model/duration.ts'
import { definedOf } from '../../probe/stand-in.ts'
import { type BlackboxCheck, blackbox, isBlackbox } from './blackbox.ts'
import { defineDocument } from './document.ts'
import type { ExportedFile, HandOver } from './hand-over.ts'
import { midwatchJobs } from './prometheus.ts'
import { ruleGroups } from './rule-files.ts'
import { scrapeJob } from './scrape-job.ts'

const NAMESPACE = 'monitoring'

/** Objects for the Prometheus operator: rules, probes, scrape jobs, dashboards. */
export const kubernetes = defineDocument({
  key: 'kubernetes',
  summary: 'The Prometheus operator takes rules, probes and scrape jobs as objects.',
  files(handOver) {
    const objects = objectsOf(handOver)
    const files = objects.map(({ file, object }) => ({ path: `kubernetes/${file}`, text: printYaml(object) }))
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace: NAMESPACE,
      resources: objects.map(({ file }) => file),
    }
    return [...files, { path: 'kubernetes/kustomization.yaml', text: printYaml(kustomization) }]
  },
  report: () => [
    {
      what: 'Kubernetes objects',
      outcome: 'changed',
      text: 'checked as YAML and, the rules in them, by promtool; not against a cluster. What scrape jobs need to be let in is expected in a secret midwatch-secrets, whose keys are the names of the files of secrets/. Receivers are in alertmanager.yml, which goes into the secret that the operator reads',
    },
  ],
})

interface NamedObject {
  readonly file: string
  readonly object: Readonly<Record<string, unknown>>
}

function objectsOf(handOver: HandOver): NamedObject[] {
  const { checks, ruleFiles, scrapeConfigs, dashboards } = handOver
  return [
    ...ruleFiles.map(({ path, groups }) => {
      const name = objectName(path.replace(/\.ya?ml$/, ''))
      return named('PrometheusRule', 'monitoring.coreos.com/v1', name, { spec: { groups: ruleGroups(groups) } })
    }),
    ...checks.filter(isBlackbox).map((check) => probeObject(check, handOver)),
    ...scrapeConfigs.map((config) => {
      const { job_name: jobName, ...job } = scrapeJob(config)
      return named('ScrapeConfig', 'monitoring.coreos.com/v1alpha1', objectName(String(jobName)), {
        spec: { jobName, ...camelCased(withSecretKeys(job)) },
      })
    }),
    ...midwatchJobs(handOver).map(({ job_name: jobName, ...job }) =>
      named('ScrapeConfig', 'monitoring.coreos.com/v1alpha1', String(jobName), {
        spec: { jobName, ...camelCased(job) },
      }),
    ),
    ...(checks.some(isBlackbox) ? [configMap('blackbox', blackbox.files(handOver), {})] : []),
    ...dashboards.map((file) =>
      configMap(`dashboard-${objectName(file.path.replace(/\.json$/, ''))}`, [file], { grafana_dashboard: '1' }),
    ),
  ]
}

function probeObject(
  { name, labels, everyMs, timeoutMs, standIn }: BlackboxCheck,
  { addresses }: HandOver,
): NamedObject {
  const { job = 'probe', instance = standIn.target, ...others } = labels
  return named('Probe', 'monitoring.coreos.com/v1', objectName(name), {
    spec: {
      jobName: job,
      interval: formatDuration(everyMs),
      scrapeTimeout: formatDuration(Math.min(everyMs, timeoutMs + 1000)),
      module: name,
      prober: { url: addresses.blackbox },
      targets: {
        staticConfig: {
          static: [standIn.target],
          labels: others,
          relabelingConfigs: [{ targetLabel: 'instance', replacement: instance.replaceAll('$', '$$$$') }],
        },
      },
    },
  })
}

function configMap(
  name: string,
  files: readonly ExportedFile[],
  labels: Readonly<Record<string, string>>,
): NamedObject {
  const data = Object.fromEntries(files.map(({ path, text }) => [path.split('/').at(-1) as string, text]))
  return named('ConfigMap', 'v1', name, { data }, labels)
}

function named(
  kind: string,
  apiVersion: string,
  name: string,
  rest: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>> = {},
): NamedObject {
  const metadata = { name, namespace: NAMESPACE, labels: { 'app.kubernetes.io/part-of': 'midwatch', ...labels } }
  return { file: `${kind.toLowerCase()}-${name}.yaml`, object: { apiVersion, kind, metadata, ...rest } }
}

/** A name as objects have it (RFC 1123); where that is not all of it, with a sum over the whole so that no two are the same. */
function objectName(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 50)
  if (plain === text) return plain
  const isReadable = plain === text.toLowerCase().replaceAll(/[/_. ]/g, '-')
  const sum = createHash('sha256').update(text).digest('hex').slice(0, 6)
  return isReadable ? plain : `${plain || 'x'}-${sum}`
}

/** The secret that has what `secrets/` has, and certificates under the names of their files. */
const SECRET = 'midwatch-secrets'

function keyOf(file: unknown): Record<string, unknown> {
  return { name: SECRET, key: String(file).split('/').at(-1) }
}

/** The operator takes no files but keys of a secret. */
function withSecretKeys(job: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { basic_auth, authorization, tls_config, ...others } = job as Record<
    string,
    Record<string, unknown> | undefined
  >
  const { ca_file, cert_file, key_file, ...tls } = tls_config ?? {}
  return definedOf({
    ...others,
    basic_auth: basic_auth && {
      username: { name: SECRET, key: `${keyOf(basic_auth.password_file).key}-username` },
      password: keyOf(basic_auth.password_file),
    },
    authorization: authorization && { type: authorization.type, credentials: keyOf(authorization.credentials_file) },
    tls_config:
      tls_config &&
      definedOf({
        ...tls,
        ca: ca_file === undefined ? undefined : { secret: keyOf(ca_file) },
        cert: cert_file === undefined ? undefined : { secret: keyOf(cert_file) },
        key_secret: key_file === undefined ? undefined : keyOf(key_file),
      }),
  })
}

/** `scrape_interval` is `scrapeInterval` in objects of the operator; what is inside of labels and parameters stays. */
function camelCased(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const special: Readonly<Record<string, string>> = {
    static_configs: 'staticConfigs',
    relabel_configs: 'relabelings',
    metric_relabel_configs: 'metricRelabelings',
    file_sd_configs: 'fileSDConfigs',
  }
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      special[key] ?? key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      key === 'params' || key === 'labels' ? value : Array.isArray(value) ? value.map(inner) : inner(value),
    ]),
  )
}

function inner(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? camelCased(value as Record<string, unknown>)
    : value
}
