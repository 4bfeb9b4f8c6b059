import { createHash } from 'node:crypto'
import { formatDuration, parseDuration } from '../../model/duration.ts'
import { Labels } from '../../model/labels.ts'
import { displayUrl } from '../net-target.ts'
import type { ScrapeConfig, TargetGroup } from './config.ts'

/** Something to scrape: where, how often, and with which labels its series are stored. */
export interface Target {
  /** The same for the same address, labels and times; different for different ones. */
  readonly key: string
  /** As found, before relabelling. */
  readonly discovered: Labels
  /** What every series of the target gets: `job`, `instance` and the operator's own. */
  readonly labels: Labels
  readonly url: URL
  /** The URL as it may be shown: with its port, and without the values of parameters that are secret by their name. */
  readonly shownUrl: string
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** What relabelling made of what was discovered. */
export interface TargetSet {
  readonly targets: readonly Target[]
  /** Discovered labels of those that relabelling dropped. */
  readonly dropped: readonly Labels[]
  /** Those that can't be scraped, and why. */
  readonly problems: readonly string[]
}

const META_PREFIX = '__meta_'
export const PARAM_PREFIX = '__param_'

/** A group of targets with the labels that its source adds (`__meta_filepath`). */
export interface DiscoveredGroup extends TargetGroup {
  readonly source?: Readonly<Record<string, string>>
}

/** Makes targets of what was discovered; the same target twice is one. */
export function makeTargets(groups: Iterable<DiscoveredGroup>, config: ScrapeConfig): TargetSet {
  const targets = new Map<string, Target>()
  const dropped: Labels[] = []
  const problems: string[] = []
  for (const group of groups) {
    for (const address of group.targets) {
      const discovered = discoveredLabels(address, group, config)
      const relabelled = config.relabel.apply(discovered)
      if (relabelled === undefined) dropped.push(discovered)
      else {
        const made = makeTarget(discovered, relabelled, config)
        if (typeof made === 'string') problems.push(`target ${address}: ${made}`)
        else targets.set(made.key, targets.get(made.key) ?? made)
      }
    }
  }
  return { targets: [...targets.values()], dropped, problems }
}

function discoveredLabels(address: string, { labels, source }: DiscoveredGroup, config: ScrapeConfig): Labels {
  const record: Record<string, string> = Object.assign(
    Object.create(null),
    {
      job: config.jobName,
      __scrape_interval__: formatDuration(config.intervalMs),
      __scrape_timeout__: formatDuration(config.timeoutMs),
      __metrics_path__: config.metricsPath,
      __scheme__: config.scheme,
    },
    // An empty label is an absent one, which must not hide the default.
    Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')),
    { __address__: address },
    source,
  )
  for (const [name, values] of Object.entries(config.params)) {
    if (values[0] !== undefined) record[`${PARAM_PREFIX}${name}`] = values[0]
  }
  return Labels.of(record)
}

/** @returns why it can't be a target when it can't */
function makeTarget(discovered: Labels, labels: Labels, config: ScrapeConfig): Target | string {
  const address = labels.get('__address__')
  if (address === '') return 'has no __address__ after relabelling; a rule of relabel_configs removed it'
  if (address.includes('/')) return `${JSON.stringify(address)} is not host:port`
  const intervalMs = parseDuration(labels.get('__scrape_interval__'))
  if (intervalMs === undefined || intervalMs === 0) {
    return `__scrape_interval__ is ${JSON.stringify(labels.get('__scrape_interval__'))} after relabelling, which is no duration above 0`
  }
  const timeoutMs = parseDuration(labels.get('__scrape_timeout__'))
  if (timeoutMs === undefined || timeoutMs === 0) {
    return `__scrape_timeout__ is ${JSON.stringify(labels.get('__scrape_timeout__'))} after relabelling, which is no duration above 0`
  }
  if (timeoutMs > intervalMs) {
    return `its timeout (${formatDuration(timeoutMs)}) is longer than its interval (${formatDuration(intervalMs)})`
  }
  const url = scrapeUrl(labels, config, address)
  if (typeof url === 'string') return url
  const withInstance = labels.has('instance') ? labels : labels.with('instance', address)
  const kept = Labels.of([...withInstance].filter(([name]) => !name.startsWith(META_PREFIX)))
  const shown = Labels.of([...kept].filter(([name]) => !name.startsWith('__')))
  const shownUrl = `${url.protocol}//${address}${url.pathname}${displaySearch(url)}`
  return { key: `${kept.key}\n${url.href}`, discovered, labels: shown, url, shownUrl, intervalMs, timeoutMs }
}

function displaySearch(url: URL): string {
  return new URL(displayUrl(url)).search
}

/** @returns why there is none */
function scrapeUrl(labels: Labels, config: ScrapeConfig, address: string): URL | string {
  const scheme = labels.get('__scheme__') || 'http'
  if (scheme !== 'http' && scheme !== 'https') {
    return `__scheme__ is ${JSON.stringify(scheme)} after relabelling; it has to be http or https`
  }
  const path = labels.get('__metrics_path__')
  if (!URL.canParse(`${scheme}://${address}`)) return `${JSON.stringify(address)} is not host:port`
  const url = new URL(`${scheme}://${address}`)
  if (url.username !== '' || url.password !== '') return 'has a user in its address; write basic_auth'
  // Set apart, since a ? or # in the path belongs to the path.
  url.pathname = path === '' ? '/' : path
  url.search = scrapeQuery(labels, config)
  return url
}

function scrapeQuery(labels: Labels, config: ScrapeConfig): string {
  const params = new Map(Object.entries(config.params).map(([name, values]) => [name, [...values]]))
  for (const [label, value] of labels) {
    if (!label.startsWith(PARAM_PREFIX)) continue
    const name = label.slice(PARAM_PREFIX.length)
    params.set(name, [value, ...(params.get(name) ?? []).slice(1)])
  }
  const query = new URLSearchParams()
  for (const name of [...params.keys()].sort()) for (const value of params.get(name) ?? []) query.append(name, value)
  return query.toString()
}

/** Where in its interval a target is scraped, so that many targets do not come at once and a restart changes nothing. */
export function phaseOf(target: Target): number {
  const hash = createHash('md5').update(target.key).digest().readBigUInt64BE(0)
  return Number(hash % BigInt(target.intervalMs))
}
