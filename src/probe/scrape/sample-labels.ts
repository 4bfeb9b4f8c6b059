import { compareText, Labels, METRIC_NAME } from '../../model/labels.ts'
import type { MetricType } from '../../model/metric.ts'
import { formatBoundText, parseFloatText } from '../../wire/float-text.ts'
import type { ScrapeConfig, ScrapeLimits } from './config.ts'

/** A scrape can't be taken as it is; the whole of it fails, as in Prometheus. */
export class ScrapeError extends Error {
  override readonly name = 'ScrapeError'
}

/** Makes the labels under which a scraped series is stored, or undefined when `metric_relabel_configs` drops it. */
export type LabelMaker = (pairs: readonly string[]) => Labels | undefined

/**
 * Joins the labels of a target to those of its series: the target's win and a scraped one of the same name becomes
 * `exported_…`, or with `honor_labels` the scraped one wins (an empty one, too: it keeps the target's away). Then come
 * `metric_relabel_configs` and the limits.
 *
 * The function that it returns takes names and values in turn, unsorted, empty values included, and throws ScrapeError.
 */
export function labelMaker(target: Labels, config: ScrapeConfig): LabelMaker {
  const { honorLabels, metricRelabel, limits } = config
  const hasLimits = limits.labels > 0 || limits.labelNameLength > 0 || limits.labelValueLength > 0
  return (pairs) => {
    const byName = new Map<string, string>()
    for (let i = 0; i < pairs.length; i += 2) byName.set(pairs[i] as string, pairs[i + 1] as string)
    if (honorLabels) honorScraped(byName, target)
    else preferTarget(byName, target)
    const labels = metricRelabel.apply(sorted(byName))
    if (labels === undefined || labels.size === 0) return undefined
    if (labels.name === '') {
      throw new ScrapeError(`metric_relabel_configs removes the metric's name from ${Labels.of(byName)}`)
    }
    if (hasLimits) checkLimits(labels, limits)
    return labels
  }
}

/** As `Labels.of`, without going over everything several times: 100,000 new series come through here at once. */
function sorted(byName: ReadonlyMap<string, string>): Labels {
  const pairs: string[] = []
  for (const name of [...byName.keys()].sort(compareText)) {
    const value = byName.get(name) as string
    if (value !== '') pairs.push(name, value)
  }
  return Labels.fromSortedPairs(pairs)
}

function honorScraped(byName: Map<string, string>, target: Labels): void {
  for (const [name, value] of target) if (!byName.has(name)) byName.set(name, value)
}

function preferTarget(byName: Map<string, string>, target: Labels): void {
  const conflicts: (readonly [string, string])[] = []
  for (const [name, value] of target) {
    const scraped = byName.get(name) ?? ''
    if (scraped !== '') conflicts.push([name, scraped])
    byName.set(name, value)
  }
  // Shorter names first, so that `exported_x` of the target does not depend on the order of the labels.
  conflicts.sort(([a], [b]) => a.length - b.length)
  for (const [name, value] of conflicts) {
    let exported = `exported_${name}`
    while ((byName.get(exported) ?? '') !== '') exported = `exported_${exported}`
    byName.set(exported, value)
  }
}

function checkLimits(labels: Labels, limits: ScrapeLimits): void {
  const metric = labels.name.slice(0, 50)
  if (limits.labels > 0 && labels.size > limits.labels) {
    throw new ScrapeError(`label_limit exceeded (metric: ${metric}, labels: ${labels.size}, limit: ${limits.labels})`)
  }
  for (const [name, value] of labels) {
    const nameLength = Buffer.byteLength(name)
    if (limits.labelNameLength > 0 && nameLength > limits.labelNameLength) {
      throw new ScrapeError(
        `label_name_length_limit exceeded (metric: ${metric}, label: ${name.slice(0, 50)}, length: ${nameLength}, limit: ${limits.labelNameLength})`,
      )
    }
    const valueLength = Buffer.byteLength(value)
    if (limits.labelValueLength > 0 && valueLength > limits.labelValueLength) {
      throw new ScrapeError(
        `label_value_length_limit exceeded (metric: ${metric}, label: ${name.slice(0, 50)}, length: ${valueLength}, limit: ${limits.labelValueLength})`,
      )
    }
  }
}

/**
 * Brings the bounds of histograms and summaries into one form (`le="1"` becomes `le="1.0"`), in place, so that a target
 * has the same series whichever format it answers in; as Prometheus 3.
 */
export function canonicalBounds(pairs: string[], type: MetricType): void {
  const label = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined
  if (label === undefined) return
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] !== label) continue
    const bound = parseFloatText(pairs[i + 1] as string)
    if (bound !== undefined) pairs[i + 1] = formatBoundText(bound)
  }
}

/** Labels of the series that tell of a scrape: `up` and its like. */
export function reportLabels(name: string, target: Labels): Labels {
  return target.with(METRIC_NAME, name)
}
