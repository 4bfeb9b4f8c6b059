import { z } from 'zod'
import { metricsBackend } from '../export/forward/backend-config.ts'
import { remoteWrites } from '../export/forward/remote-write-config.ts'
import { markSecret } from '../lib/secret-schema.ts'
import { formatDuration } from '../model/duration.ts'
import { eventSink } from '../notify/event-sink.ts'
import { secret } from '../probe/fields.ts'
import { labelSet, scrapeConfigs } from '../probe/scrape/config.ts'
import { alerting } from './alerting.ts'
import { alertmanager } from './alertmanager/alertmanager.ts'
import {
  type EvaluationConfig,
  LOG_LEVELS,
  type LogConfig,
  PERMISSIONS,
  type ProbesConfig,
  PUBLIC_PARTS,
  SCOPES,
  type ServerConfig,
  type ShippedRulesConfig,
  type StorageConfig,
  type TokenConfig,
} from './config.ts'
import { connectivity } from './connectivity.ts'
import { addressRanges, count, cron, externalUrl, listen, name, positiveMs, timezone } from './fields.ts'
import { maintenance } from './maintenance.ts'
import { notify } from './notify.ts'

const DAY_MS = 86_400_000
export const DEFAULT_RETENTION_MS = {
  raw: 35 * DAY_MS,
  rollup: 400 * DAY_MS,
  audit: 365 * DAY_MS,
  alerts: 90 * DAY_MS,
} as const
/** Retention as people say it: 35d, where a duration alone would be 5w. */
export function formatDays(ms: number): string {
  return ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : formatDuration(ms)
}

const SHORTEST_TOKEN = 16

// Marked again: a refined schema is another one.
const tokenText = markSecret(
  secret.refine((text) => text.reveal().length >= SHORTEST_TOKEN, {
    error: `is shorter than ${SHORTEST_TOKEN} characters; make one with: openssl rand -hex 32`,
  }),
)

const token = z
  .strictObject(
    {
      name: name.describe('What it is for; the actor in the audit log.'),
      token: tokenText,
      scopes: z
        .array(z.enum(SCOPES), { error: 'is not a list; write some of [read, ingest, admin]' })
        .min(1, {
          error: 'is empty; write some of [read, ingest, admin]',
        })
        .describe('What it may do.'),
    },
    { error: `is not a token; write {name: grafana, token: \${GRAFANA_TOKEN}, scopes: [read]}` },
  )
  .transform((written): TokenConfig => ({ name: written.name, token: written.token, scopes: written.scopes }))

const server = z
  .strictObject({
    listen: listen
      .prefault('127.0.0.1:8420')
      .describe('Where midwatch listens; `:8420` is every address of the machine.'),
    external_url: externalUrl
      .optional()
      .describe('Where people reach it, for links in messages. Everything but `/health` needs a token then.'),
    trusted_proxies: addressRanges
      .prefault([])
      .describe(
        'Addresses of proxies in front of it, such as `10.0.0.0/8`. Everything but `/health` needs a token then.',
      ),
    public: z.array(z.enum(PUBLIC_PARTS)).default([]).describe('What may be read without a token, besides `/health`.'),
    tokens: z.array(token).default([]).describe('Tokens besides those that `midwatch token create` makes.'),
  })
  .transform(
    (written): ServerConfig => ({
      listen: written.listen,
      externalUrl: written.external_url,
      trustedProxies: written.trusted_proxies,
      public: written.public,
      tokens: written.tokens,
    }),
  )

const storage = z
  .strictObject({
    data: z
      .string()
      .min(1, { error: 'is empty; write a folder such as ./data' })
      .default('./data')
      .describe('The folder of the data, relative to the working directory.'),
    retention: z
      .strictObject({
        raw: positiveMs.default(DEFAULT_RETENTION_MS.raw).describe('How long samples are kept.'),
        rollup: positiveMs
          .default(DEFAULT_RETENTION_MS.rollup)
          .describe('How long what each hour of samples came to is kept.'),
        audit: positiveMs.default(DEFAULT_RETENTION_MS.audit).describe('How long audit records are kept.'),
        alerts: positiveMs
          .default(DEFAULT_RETENTION_MS.alerts)
          .describe('How long the story of alerts and checks is kept.'),
      })
      .prefault({}),
    limits: z
      .strictObject({
        series: count(1, 100_000_000)
          .default(1_000_000)
          .describe('How many series may have samples within an hour; new ones beyond it are refused.'),
        series_per_metric: count(1, 100_000_000).default(20_000).describe('How many of them one metric may have.'),
      })
      .prefault({}),
  })
  .transform(
    ({ data, retention, limits }): StorageConfig => ({
      data,
      retention: {
        rawMs: retention.raw,
        rollupMs: retention.rollup,
        auditMs: retention.audit,
        alertsMs: retention.alerts,
      },
      limits: { series: limits.series, seriesPerMetric: limits.series_per_metric },
    }),
  )

const evaluation = z
  .strictObject({
    cron: cron.default('*/15 * * * * *').describe('When rules are evaluated: five fields, or six with seconds first.'),
    timezone: timezone.optional().describe("Of `cron`, such as Europe/Berlin; the machine's unless told."),
    resend_delay: positiveMs
      .prefault('1m')
      .describe(
        'How long after an alert was handed over it is handed over again, at the next evaluation, while it holds.',
      ),
  })
  .transform(
    ({ cron: line, timezone: zone, resend_delay: resendDelayMs }): EvaluationConfig => ({
      cron: line,
      timezone: zone,
      resendDelayMs,
    }),
  )

const probeSettings = z
  .strictObject({
    address_policy: z
      .enum(['no-link-local', 'any', 'public-only'])
      .default('no-link-local')
      .describe(
        'Where checks may connect to: anywhere but link-local and metadata addresses, anywhere, or public addresses only.',
      ),
    concurrency: count(1, 10_000).default(50).describe('How many checks may run at once.'),
  })
  .transform((written): ProbesConfig => ({ addressPolicy: written.address_policy, concurrency: written.concurrency }))

/** As in `prometheus.yml`. */
const globalSettings = z.strictObject({
  scrape_interval: positiveMs.optional().describe('Of jobs that do not say it; 1m unless told.'),
  scrape_timeout: positiveMs.optional().describe('Of jobs that do not say it; 10s unless told.'),
  external_labels: labelSet
    .default({})
    .describe(
      'What other systems know this midwatch by: labels of alerts that `alerting` hands on and of series that `remote_write` sends, where they lack them; templates see them, too.',
    ),
})

const shippedRules = z
  .union(
    [
      z.boolean().transform((enabled): ShippedRulesConfig => ({ enabled, disabled: [] })),
      z
        .strictObject({
          disable: z
            .array(z.string(), { error: 'is not a list; write names of alerts such as [CheckDown]' })
            .describe('Names of shipped alerts to leave out.'),
        })
        .transform(({ disable }): ShippedRulesConfig => ({ enabled: true, disabled: disable })),
    ],
    { error: 'is neither a switch nor keys; write true, false or {disable: [CheckDown]}' },
  )
  .prefault(true)
  .describe('Whether the shipped alerts are evaluated.')

const log = z
  .strictObject({ level: z.enum(LOG_LEVELS).default('info').describe('What is logged.') })
  .transform((written): LogConfig => ({ level: written.level }))

/**
 * The parts of the config, each parsed for itself, so that a fault in one hides nothing in another. `checks` is here as
 * what it is in the environment, one value; its entries are read one by one, each by its kind.
 */
export const sections = {
  server: server.prefault({}),
  storage: storage.prefault({}),
  evaluation: evaluation.prefault({}),
  checks: z
    .array(z.unknown(), { error: 'is not a list; write a line with "- name: …" for each check' })
    .default([])
    .describe('What midwatch looks at: see [checks](checks.md).'),
  allow: z
    .array(z.enum(PERMISSIONS))
    .default([])
    .describe('What is not done unless it is asked for: `script` starts programs.'),
  probes: probeSettings.prefault({}),
  global: globalSettings.prefault({}),
  scrape_configs: scrapeConfigs.default([]),
  metrics: z
    .strictObject({ backend: metricsBackend.optional() })
    .prefault({})
    .describe('Where metrics are kept and asked for, if not here.'),
  remote_write: remoteWrites.default([]),
  rule_files: z
    .array(z.string(), { error: 'is not a list; write [rules/*.yml]' })
    .default([])
    .describe('Rule files of your own; `*` stands for any name.'),
  slo_files: z
    .array(z.string(), { error: 'is not a list; write [slos/*.yml]' })
    .default([])
    .describe('SLO files: [objectives](../how-to/objectives.md), compiled into rules; `*` stands for any name.'),
  kpi_files: z
    .array(z.string(), { error: 'is not a list; write [kpis.yml]' })
    .default([])
    .describe(
      'Files of [KPIs](../how-to/kpis.md): metric, rules, alerts and panel from one entry; `*` stands for any name.',
    ),
  shipped_rules: shippedRules,
  notify: notify.prefault({}),
  alertmanager,
  alerting,
  events: eventSink.optional(),
  maintenance,
  connectivity: connectivity.prefault({}),
  log: log.prefault({}),
} as const

/** Everything at once: what the file may hold, for reading and for the names of variables. */
export const document = z.strictObject(sections)
