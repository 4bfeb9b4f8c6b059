import type { TlsOptions } from './fields.ts'

/** What does a check's work once blackbox_exporter and Prometheus have taken over. */
export type StandIn =
  | {
      readonly kind: 'blackbox'
      /** One entry of `modules` in blackbox.yml, without its timeout. */
      readonly module: BlackboxModule
      /** What Prometheus hands over as `target`. */
      readonly target: string
      /** What the module can't say, in sentences for people. */
      readonly differences: readonly string[]
    }
  | {
      readonly kind: 'other'
      /** Which program measures the same, in a sentence for people. */
      readonly by: string
    }

/** @see https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md */
export interface BlackboxModule {
  readonly prober: 'http' | 'tcp' | 'dns' | 'icmp' | 'grpc'
  readonly [options: string]: unknown
}

/** A secret of a check is not written: the module reads it from a file of this name. */
export class SecretFile {
  /** What it holds, such as `password`. */
  readonly field: string

  constructor(field: string) {
    this.field = field
  }
}

export function blackbox(
  module: BlackboxModule,
  target: string,
  differences: readonly (string | undefined)[] = [],
): StandIn {
  return { kind: 'blackbox', module, target, differences: differences.filter((one) => one !== undefined) }
}

export function standsIn(by: string): StandIn {
  return { kind: 'other', by }
}

/** `tls_config` of a module; undefined where nothing is set. */
export function blackboxTls(options: TlsOptions | undefined): Readonly<Record<string, unknown>> | undefined {
  if (options === undefined) return undefined
  const { insecure_skip_verify, ...files } = options
  const written = { ...(insecure_skip_verify ? { insecure_skip_verify } : {}), ...definedOf(files) }
  return Object.keys(written).length === 0 ? undefined : written
}

/** `ip4` is what midwatch prefers unless told; blackbox_exporter prefers the other one. */
export function blackboxIp(version: 4 | 6 | undefined): string {
  return version === 6 ? 'ip6' : 'ip4'
}

/** Without what is undefined, which YAML has no word for. */
export function definedOf<Value extends object>(record: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<Value>
}

/** A limit beyond which a check is degraded, which no alert tells of by itself. */
export function latencyDifference(limitMs: number | undefined): string | undefined {
  return limitMs === undefined
    ? undefined
    : `expect.latency makes a check degraded, which nothing there does; a rule over probe_duration_seconds > ${limitMs / 1000} is the nearest`
}

/** Certificates are judged by rules there, as by those that are shipped. */
export function certificateDifference(limitMs: number | undefined): string | undefined {
  return limitMs === undefined
    ? undefined
    : 'expect.certificate makes a check degraded, which nothing there does; the rules CertificateExpiresSoon tell of it'
}
