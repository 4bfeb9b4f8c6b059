import { printYaml } from '../../lib/yaml-text.ts'
import { isBlackbox } from './blackbox.ts'
import { defineDocument } from './document.ts'
import { DASHBOARDS_FOLDER } from './grafana.ts'
import type { HandOver } from './hand-over.ts'
import { SECRETS_FOLDER } from './scrape-job.ts'

/** Versions that understand everything that is written; `.env` may name others. */
const IMAGES = {
  PROMETHEUS_IMAGE: 'prom/prometheus:v3.5.0',
  ALERTMANAGER_IMAGE: 'prom/alertmanager:v0.28.1',
  BLACKBOX_IMAGE: 'prom/blackbox-exporter:v0.27.0',
  NODE_EXPORTER_IMAGE: 'prom/node-exporter:v1.9.1',
  GRAFANA_IMAGE: 'grafana/grafana:12.0.2',
} as const

/** The whole stack in containers. */
export const compose = defineDocument({
  key: 'compose',
  summary: 'Docker Compose starts the whole stack.',
  files: (handOver) => [
    {
      path: 'compose.yaml',
      text: printYaml({ services: services(handOver), volumes: { prometheus: {}, alertmanager: {}, grafana: {} } }, [
        'docker compose up -d',
        'Secrets are files of secrets/, see its README; images and ports are in .env, see .env.example.',
      ]),
    },
    { path: '.env.example', text: envText() },
  ],
  report: () => [],
})

function services({ checks }: HandOver): Record<string, unknown> {
  const secrets = `./secrets:${SECRETS_FOLDER}:ro`
  const hasHost = checks.some(({ labels }) => labels.probe === 'host')
  return {
    prometheus: {
      image: imageOf('PROMETHEUS_IMAGE'),
      restart: 'unless-stopped',
      command: [
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/prometheus',
        '--storage.tsdb.retention.time=${PROMETHEUS_RETENTION:-400d}',
        '--web.enable-lifecycle',
      ],
      ports: ['127.0.0.1:${PROMETHEUS_PORT:-9090}:9090'],
      volumes: ['./prometheus:/etc/prometheus:ro', secrets, 'prometheus:/prometheus'],
    },
    alertmanager: {
      image: imageOf('ALERTMANAGER_IMAGE'),
      restart: 'unless-stopped',
      command: ['--config.file=/etc/alertmanager/alertmanager.yml', '--storage.path=/alertmanager'],
      ports: ['127.0.0.1:${ALERTMANAGER_PORT:-9093}:9093'],
      volumes: ['./alertmanager:/etc/alertmanager:ro', secrets, 'alertmanager:/alertmanager'],
    },
    ...(checks.some(isBlackbox)
      ? {
          blackbox: {
            image: imageOf('BLACKBOX_IMAGE'),
            restart: 'unless-stopped',
            command: ['--config.file=/etc/blackbox/blackbox.yml'],
            // For ICMP.
            cap_add: ['NET_RAW'],
            volumes: ['./blackbox:/etc/blackbox:ro', secrets],
          },
        }
      : {}),
    ...(hasHost
      ? {
          'node-exporter': {
            image: imageOf('NODE_EXPORTER_IMAGE'),
            restart: 'unless-stopped',
            command: ['--path.rootfs=/host'],
            pid: 'host',
            volumes: ['/:/host:ro,rslave'],
          },
        }
      : {}),
    grafana: {
      image: imageOf('GRAFANA_IMAGE'),
      restart: 'unless-stopped',
      environment: { GF_SECURITY_ADMIN_PASSWORD: '${GRAFANA_ADMIN_PASSWORD:?set it in .env}' },
      ports: ['127.0.0.1:${GRAFANA_PORT:-3000}:3000'],
      volumes: [
        './grafana/provisioning:/etc/grafana/provisioning:ro',
        `./grafana/dashboards:${DASHBOARDS_FOLDER}:ro`,
        'grafana:/var/lib/grafana',
      ],
    },
  }
}

function imageOf(variable: keyof typeof IMAGES): string {
  return `\${${variable}:-${IMAGES[variable]}}`
}

function envText(): string {
  const images = Object.entries(IMAGES).map(([name, image]) => `# ${name}=${image}`)
  return [
    '# Copy to .env. What is commented out is what is taken anyway.',
    'GRAFANA_ADMIN_PASSWORD=',
    '# PROMETHEUS_RETENTION=400d',
    '# PROMETHEUS_PORT=9090',
    '# ALERTMANAGER_PORT=9093',
    '# GRAFANA_PORT=3000',
    ...images,
    '',
  ].join('\n')
}
