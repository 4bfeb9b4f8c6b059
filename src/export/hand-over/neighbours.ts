import { printYaml } from '../../lib/yaml-text.ts'
import { defineDocument } from './document.ts'

const UNCHECKED = 'Written after the documentation; not checked against the program.'

/** An application of Argo CD that keeps the cluster at what is in `kubernetes/`. */
export const argocd = defineDocument({
  key: 'argocd',
  summary: 'Argo CD keeps a cluster at what is written.',
  files: () => [
    {
      path: 'argocd/application.yaml',
      text: printYaml(
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Application',
          metadata: { name: 'midwatch-hand-over', namespace: 'argocd' },
          spec: {
            project: 'default',
            source: {
              repoURL: 'https://git.example.org/observability.git',
              targetRevision: 'main',
              path: 'kubernetes',
            },
            destination: { server: 'https://kubernetes.default.svc', namespace: 'monitoring' },
            syncPolicy: {
              automated: { prune: true, selfHeal: true },
              syncOptions: ['CreateNamespace=true', 'ServerSideApply=true'],
            },
          },
        },
        ['repoURL is yours to set.', UNCHECKED],
      ),
    },
  ],
  report: () => [{ what: 'Argo CD', outcome: 'changed', text: `repoURL is yours to set. ${UNCHECKED}` }],
})

/** A collector that takes OTLP where midwatch took it. */
export const otelCollector = defineDocument({
  key: 'otel-collector',
  summary: 'An OpenTelemetry Collector takes what applications send by OTLP.',
  files: ({ addresses }) => [
    {
      path: 'otel-collector/config.yaml',
      text: printYaml(
        {
          receivers: {
            otlp: { protocols: { http: { endpoint: '0.0.0.0:4318' }, grpc: { endpoint: '0.0.0.0:4317' } } },
          },
          processors: { batch: {}, memory_limiter: { check_interval: '1s', limit_percentage: 75 } },
          exporters: {
            'otlphttp/prometheus': { metrics_endpoint: `http://${addresses.prometheus}/api/v1/otlp/v1/metrics` },
            'otlphttp/loki': { logs_endpoint: 'http://loki:3100/otlp/v1/logs' },
          },
          service: {
            pipelines: {
              metrics: {
                receivers: ['otlp'],
                processors: ['memory_limiter', 'batch'],
                exporters: ['otlphttp/prometheus'],
              },
              logs: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: ['otlphttp/loki'] },
            },
          },
        },
        ['Prometheus takes OTLP with --web.enable-otlp-receiver.', UNCHECKED],
      ),
    },
  ],
  report: () => [{ what: 'OpenTelemetry Collector', outcome: 'changed', text: UNCHECKED }],
})

/** Loki on one disk. */
export const loki = defineDocument({
  key: 'loki',
  summary: 'Loki keeps log lines.',
  files: () => [
    {
      path: 'loki/config.yaml',
      text: printYaml(
        {
          auth_enabled: false,
          server: { http_listen_port: 3100 },
          common: {
            path_prefix: '/loki',
            replication_factor: 1,
            ring: { kvstore: { store: 'inmemory' } },
            storage: { filesystem: { chunks_directory: '/loki/chunks', rules_directory: '/loki/rules' } },
          },
          schema_config: {
            configs: [
              {
                from: '2026-01-01',
                store: 'tsdb',
                object_store: 'filesystem',
                schema: 'v13',
                index: { prefix: 'index_', period: '24h' },
              },
            ],
          },
          limits_config: { retention_period: '720h', allow_structured_metadata: true },
          compactor: {
            working_directory: '/loki/compactor',
            retention_enabled: true,
            delete_request_store: 'filesystem',
          },
        },
        [UNCHECKED],
      ),
    },
  ],
  report: () => [{ what: 'Loki', outcome: 'changed', text: UNCHECKED }],
})

/** A workflow that keeps the stack at what midwatch.yml says, as long as that is where things are written. */
export const ci = defineDocument({
  key: 'ci',
  summary: 'A workflow checks the config, writes the files, has them checked and reloads the stack.',
  files: () => [
    {
      path: 'ci/observability.yml',
      text: printYaml(
        {
          name: 'observability',
          on: { push: { branches: ['main'] }, pull_request: {} },
          jobs: {
            check: {
              'runs-on': 'ubuntu-latest',
              steps: [
                { uses: 'actions/checkout@v4' },
                { uses: 'actions/setup-node@v4', with: { 'node-version': 24 } },
                {
                  run: 'sudo apt-get update && sudo apt-get install -y prometheus prometheus-alertmanager prometheus-blackbox-exporter',
                },
                { name: 'Check the config', run: 'npx --yes midwatch check' },
                { name: 'Write the files and have them checked', run: 'npx --yes midwatch export out --check' },
                { uses: 'actions/upload-artifact@v4', with: { name: 'hand-over', path: 'out' } },
              ],
            },
            deploy: {
              needs: 'check',
              if: "github.ref == 'refs/heads/main'",
              'runs-on': 'ubuntu-latest',
              environment: 'production',
              steps: [
                { uses: 'actions/download-artifact@v4', with: { name: 'hand-over', path: 'out' } },
                {
                  name: 'Bring the files to the stack',
                  run: 'rsync --archive --delete --exclude secrets --exclude .env out/ "${{ vars.STACK_HOST }}:${{ vars.STACK_FOLDER }}/"',
                },
                {
                  name: 'Reload',
                  run: 'curl --fail --request POST "${{ vars.PROMETHEUS_URL }}/-/reload" && curl --fail --request POST "${{ vars.ALERTMANAGER_URL }}/-/reload"',
                },
              ],
            },
          },
        },
        ['Goes to .github/workflows/ of the repository that has midwatch.yml.', UNCHECKED],
      ),
    },
  ],
  report: () => [{ what: 'CI workflow', outcome: 'changed', text: UNCHECKED }],
})
