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
  const shapes: Shape[] = []
  return (pairs) => {
    const joined = shapeOf(pairs, shapes, target, honorLabels).join(pairs)
    const labels = metricRelabel.apply(joined)
    if (labels === undefined || labels.size === 0) return undefined
    if (labels.name === '') {
      throw new ScrapeError(`metric_relabel_configs removes the metric's name from ${joined}`)
    }
    if (hasLimits) checkLimits(labels, limits)
    return labels
  }
}

/** A target's series have few shapes, and 100,000 new ones come through here at once. */
const MAX_SHAPES = 8

/** The shape of these pairs, the last one asked for in front of those that are remembered. */
function shapeOf(pairs: readonly string[], shapes: Shape[], target: Labels, honorLabels: boolean): Shape {
  for (let i = 0; i < shapes.length; i++) {
    const shape = shapes[i] as Shape
    if (!shape.fits(pairs)) continue
    if (i > 0) {
      shapes.splice(i, 1)
      shapes.unshift(shape)
    }
    return shape
  }
  const shape = new Shape(pairs, target, honorLabels)
  shapes.unshift(shape)
  if (shapes.length > MAX_SHAPES) shapes.pop()
  return shape
}

/**
 * Where the values of the joined labels come from, which is the same for all series that have the same names in the same
 * order and the same values empty.
 */
class Shape {
  readonly #names: readonly string[]
  readonly #isEmpty: readonly boolean[]
  readonly #target: readonly string[]
  /** Sorted. */
  readonly #joinedNames: readonly string[]
  /** For each of them the place of its value in the pairs, or as `~place` in the target's. */
  readonly #sources: readonly number[]

  constructor(pairs: readonly string[], target: Labels, honorLabels: boolean) {
    this.#names = pairs.filter((_, i) => i % 2 === 0)
    this.#isEmpty = this.#names.map((_, i) => pairs[i * 2 + 1] === '')
    this.#target = target.pairs
    const sources = new Map<string, number>()
    for (let i = 0; i < pairs.length; i += 2) sources.set(pairs[i] as string, i + 1)
    const isThere = (name: string) => {
      const source = sources.get(name)
      return source !== undefined && (source < 0 || pairs[source] !== '')
    }
    if (honorLabels) honorScraped(sources, target)
    else preferTarget(sources, target, isThere)
    this.#joinedNames = [...sources.keys()].filter(isThere).sort(compareText)
    this.#sources = this.#joinedNames.map((name) => sources.get(name) as number)
  }

  fits(pairs: readonly string[]): boolean {
    const names = this.#names
    if (pairs.length !== names.length * 2) return false
    for (let i = 0; i < names.length; i++) {
      if (pairs[i * 2] !== names[i] || (pairs[i * 2 + 1] === '') !== this.#isEmpty[i]) return false
    }
    return true
  }

  join(pairs: readonly string[]): Labels {
    const names = this.#joinedNames
    const joined = new Array<string>(names.length * 2)
    for (let i = 0; i < names.length; i++) {
      const source = this.#sources[i] as number
      joined[i * 2] = names[i] as string
      joined[i * 2 + 1] = (source < 0 ? this.#target[~source] : pairs[source]) as string
    }
    return Labels.fromSortedPairs(joined)
  }
}

function honorScraped(sources: Map<string, number>, { pairs }: Labels): void {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (!sources.has(name)) sources.set(name, ~(i + 1))
  }
}

function preferTarget(sources: Map<string, number>, { pairs }: Labels, isThere: (name: string) => boolean): void {
  const conflicts: (readonly [name: string, source: number])[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (isThere(name)) conflicts.push([name, sources.get(name) as number])
    sources.set(name, ~(i + 1))
  }
  // Shorter names first, so that `exported_x` of the target does not depend on the order of the labels.
  conflicts.sort(([a], [b]) => a.length - b.length)
  for (const [name, source] of conflicts) {
    let exported = `exported_${name}`
    while (isThere(exported)) exported = `exported_${exported}`
    sources.set(exported, source)
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
