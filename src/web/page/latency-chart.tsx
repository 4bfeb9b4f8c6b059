import { formatInstant, formatLatency, formatNear } from './time.tsx'

export interface LatencyPoint {
  readonly atMs: number
  /** Undefined where nothing was measured: the line has a gap there. */
  readonly latencyMs: number | undefined
}

/** How long a check took over a while. */
export interface LatencySeries {
  readonly fromMs: number
  readonly toMs: number
  /** In order of time. */
  readonly points: readonly LatencyPoint[]
}

const WIDTH = 960
const HEIGHT = 160
/** More points than pixels only hide peaks: each of these columns keeps its slowest. */
const MAX_POINTS = 480
const HOUR_MS = 3_600_000

/** The line with its scale; the figures in a sentence and in a table, so that nobody needs to see the line. */
export function LatencyChart({ series, nowMs }: { readonly series: LatencySeries; readonly nowMs: number }) {
  const { fromMs, toMs } = series
  const measured = series.points.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]))
  if (measured.length === 0) return <p class="empty">Nothing was measured in this time.</p>
  const sorted = measured.toSorted((a, b) => a - b)
  const top = niceTop(sorted.at(-1) as number)
  const middle = fromMs + (toMs - fromMs) / 2
  const sentence =
    `Median ${formatLatency(quantile(sorted, 0.5))}, 95th percentile ${formatLatency(quantile(sorted, 0.95))}, ` +
    `fastest ${formatLatency(sorted[0] as number)}, slowest ${formatLatency(sorted.at(-1) as number)}.`
  return (
    <figure class="chart">
      <div class="plot">
        <div class="value-scale" aria-hidden="true">
          <span>{formatLatency(top)}</span>
          <span>{formatLatency(top / 2)}</span>
          <span>0</span>
        </div>
        <svg
          class="latency-line"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Latency from ${formatNear(fromMs, nowMs)} to ${formatNear(toMs, nowMs)}. ${sentence}`}
        >
          <path class="grid" d={`M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
          <path class="line" d={linePath(thin(series), series, top)} />
        </svg>
      </div>
      <div class="scale under-plot" aria-hidden="true">
        <span>{formatNear(fromMs, nowMs)}</span>
        <span>{formatNear(middle, nowMs)}</span>
        <span>{formatNear(toMs, nowMs)}</span>
      </div>
      <figcaption>{sentence}</figcaption>
      <HourTable series={series} />
    </figure>
  )
}

function HourTable({ series }: { readonly series: LatencySeries }) {
  const hours = new Map<number, number[]>()
  for (const { atMs, latencyMs } of series.points) {
    if (latencyMs === undefined) continue
    const hour = Math.floor(atMs / HOUR_MS) * HOUR_MS
    const values = hours.get(hour)
    if (values === undefined) hours.set(hour, [latencyMs])
    else values.push(latencyMs)
  }
  return (
    <details>
      <summary>Figures by hour</summary>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Hour from</th>
            <th scope="col">Median</th>
            <th scope="col">Slowest</th>
          </tr>
        </thead>
        <tbody>
          {[...hours].map(([hour, values]) => {
            const sorted = values.toSorted((a, b) => a - b)
            return (
              <tr>
                <th scope="row">{formatInstant(hour).slice(0, 16)} UTC</th>
                <td>{formatLatency(quantile(sorted, 0.5))}</td>
                <td>{formatLatency(sorted.at(-1) as number)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </details>
  )
}

function linePath(points: readonly LatencyPoint[], { fromMs, toMs }: LatencySeries, top: number): string {
  let path = ''
  let isDown = false
  for (const { atMs, latencyMs } of points) {
    if (latencyMs === undefined) {
      isDown = false
      continue
    }
    const x = round(((atMs - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH)
    const y = round(HEIGHT - (latencyMs / top) * HEIGHT)
    // A point between two gaps is a line of no length, which round ends make a dot.
    path += isDown ? `L${x} ${y}` : `M${x} ${y}h0`
    isDown = true
  }
  return path
}

/** The slowest point of every column; a column in which all are gaps is a gap. */
function thin({ points, fromMs, toMs }: LatencySeries): readonly LatencyPoint[] {
  if (points.length <= MAX_POINTS) return points
  const columns = new Map<number, LatencyPoint>()
  for (const point of points) {
    const column = Math.floor(((point.atMs - fromMs) / Math.max(1, toMs - fromMs)) * MAX_POINTS)
    const slowest = columns.get(column)
    if (slowest === undefined || (point.latencyMs ?? -1) > (slowest.latencyMs ?? -1)) columns.set(column, point)
  }
  return [...columns.values()]
}

/** The nearest of 1, 2, 4, 6, 8 times a power of ten that is not below. */
function niceTop(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 4, 6, 8, 10].find((one) => one * power >= value) ?? 10
  return step * power
}

/** Nearest rank. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
