import { z } from 'zod'
import { printStage } from '../export/hand-over/scrape-job.ts'
import { formatDuration } from '../model/duration.ts'
import type { ForwardTarget } from '../notify/forwarder.ts'
import { durationMs } from '../probe/fields.ts'
import { targetAddress } from '../probe/scrape/config.ts'
import { NO_RELABEL, type RelabelStage, relabelStage } from '../probe/scrape/relabel-config.ts'
import { authorizationOf } from './alertmanager/authorization.ts'
import { eachRefused, refused } from './alertmanager/fields.ts'
import { httpKeys, readHttp, tlsBeside } from './alertmanager/http-config.ts'

/** What stands under `alerting:`. */
export interface AlertingConfig {
  readonly relabel: RelabelStage
  readonly targets: readonly ForwardTarget[]
}

/** Behind the prefix. */
const ENDPOINT = '/api/v2/alerts'
const LIST_INSTEAD = 'write the addresses in static_configs'

const address = targetAddress('path_prefix').refine((text) => URL.canParse(`http://${text}`), {
  error: 'is not host:port',
})

const staticConfig = z.strictObject({
  targets: z
    .array(address, { error: 'is not a list; write addresses such as [alertmanager.example.org:9093]' })
    .describe('Host and port of each.'),
  ...eachRefused({ labels: 'labels of an Alertmanager are told to nobody; remove them' }),
})

const server = z
  .strictObject({
    static_configs: z
      .array(staticConfig, { error: 'is not a list; write a line with "- targets: […]"' })
      .min(1, { error: 'is empty; write [{targets: [alertmanager.example.org:9093]}]' })
      .describe('Where they are.'),
    scheme: z
      .enum(['http', 'https'], { error: 'is not a scheme; write http or https' })
      .default('http')
      .describe('How they are spoken with.'),
    path_prefix: z.string().default('/').describe('What stands before `/api/v2/alerts` in their addresses.'),
    timeout: durationMs
      .refine((ms) => ms > 0, { error: "can't be zero; write a duration such as 10s" })
      .prefault('10s')
      .describe('How long a request may take.'),
    api_version: z
      .literal('v2', { error: 'is not v2, which is the only one since Alertmanager 0.27; remove it' })
      .optional()
      .describe('`v2`, which is the only one.'),
    ...httpKeys,
    file_sd_configs: refused(LIST_INSTEAD),
    dns_sd_configs: refused(LIST_INSTEAD),
    kubernetes_sd_configs: refused(LIST_INSTEAD),
    consul_sd_configs: refused(LIST_INSTEAD),
    relabel_configs: refused(`there is nothing to choose from; ${LIST_INSTEAD}`),
    alert_relabel_configs: refused('it is the same for all; write alerting.alert_relabel_configs'),
    sigv4: refused('requests are not signed; send them through a proxy that signs'),
  })
  .transform((written, context): readonly ForwardTarget[] => {
    const http = readHttp(written, context)
    const prefix = written.path_prefix.replace(/^\/?/, '/').replace(/\/$/, '')
    return written.static_configs.flatMap(({ targets }) =>
      targets.map((target) => ({
        name: target,
        url: new URL(`${written.scheme}://${target}${prefix}${ENDPOINT}`),
        timeoutMs: written.timeout,
        authorization: authorizationOf(http),
        proxy: http.proxy,
        tls: http.tls,
      })),
    )
  })

/** As in `prometheus.yml`. */
export const alerting = z
  .strictObject({
    alert_relabel_configs: relabelStage
      .default(NO_RELABEL)
      .describe('Changes the labels of alerts on their way there, or keeps some back.'),
    alertmanagers: z
      .array(server, { error: 'is not a list; write a line with "- static_configs: […]"' })
      .default([])
      .describe('Alertmanagers that are handed every alert of the rules, as Prometheus hands it.'),
  })
  .transform(
    (written): AlertingConfig => ({
      relabel: written.alert_relabel_configs,
      targets: written.alertmanagers.flat(),
    }),
  )
  .optional()

/** The same with paths of certificates that start at the folder of the config. */
export function alertingBeside(config: AlertingConfig | undefined, folder: string): AlertingConfig | undefined {
  return config && { ...config, targets: config.targets.map((one) => ({ ...one, tls: tlsBeside(one.tls, folder) })) }
}

export function describeAlerting({ relabel, targets }: AlertingConfig): Record<string, unknown> {
  return {
    alertmanagers: targets.map(({ name, url, timeoutMs }) => ({
      static_configs: [{ targets: [name] }],
      scheme: url.protocol.replace(':', ''),
      path_prefix: url.pathname.slice(0, -ENDPOINT.length) || '/',
      timeout: formatDuration(timeoutMs),
    })),
    ...printStage('alert_relabel_configs', relabel.rules),
  }
}
