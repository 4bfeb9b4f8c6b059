import { poisson, Random } from './random.mjs'
import { SCRAPES, SEED, scrapeTimes } from './series.mjs'

const STEADY = 0
const JITTERED = 1

/** Ten series that differ in how well they pack, 30 days at 15 s each; those of a target share the times of its scrapes. */
export function corpus(endMs) {
  const times = [
    scrapeTimes(endMs, STEADY, { jitterMs: 0, hasGap: false }),
    scrapeTimes(endMs, JITTERED, { jitterMs: 2, hasGap: false }),
  ]
  return Object.entries(kinds).map(([kind, [type, target, make]], i) => {
    const name = type === 'counter' ? `${kind}_total` : kind
    const labels = { __name__: name, job: 'corpus', instance: `shop-${target}` }
    const values = () => make(new Random(SEED + 101 * i))
    return { family: kind, type, series: [{ labels, times: times[target], values }] }
  })
}

const kinds = {
  constant: ['gauge', STEADY, () => column(() => 42)],
  success: ['gauge', STEADY, (random) => column(() => (random.share() < 0.998 ? 1 : 0))],
  requests_steady: ['counter', STEADY, (random) => counter(random, poisson(30))],
  requests: ['counter', JITTERED, (random) => counter(random, poisson(30))],
  errors: ['counter', JITTERED, (random) => counter(random, () => (random.share() < 0.002 ? 1 : 0))],
  latency_milliseconds: ['gauge', STEADY, (random) => column(() => rounded(0.12 + 0.0155 * random.normal(), 3))],
  latency_microseconds: ['gauge', STEADY, (random) => column(() => rounded(0.12 + 0.0155 * random.normal(), 6))],
  latency_float: ['gauge', STEADY, (random) => column(() => Math.abs(0.12 + 0.0155 * random.normal()))],
  memory_bytes: ['gauge', STEADY, walk],
  cpu_seconds: ['counter', JITTERED, cpu],
}

function column(next) {
  return Float64Array.from({ length: SCRAPES }, next)
}

function counter(random, draw) {
  let total = 0
  return column(() => {
    total += draw(random)
    return total
  })
}

function rounded(value, decimals) {
  return Number(Math.max(0.001, value).toFixed(decimals))
}

function walk(random) {
  let pages = 120_000
  return column(() => {
    pages += Math.round(20 * random.normal())
    return pages * 4096
  })
}

function cpu(random) {
  let hundredths = 0
  return column(() => {
    hundredths += Math.max(0, Math.round(300 + 95 * random.normal()))
    return hundredths / 100
  })
}
