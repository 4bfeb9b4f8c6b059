import { ALIKE, ANYTHING, barText, race, verdict } from './compare.mjs'
import { closeLab, lab } from './lab.mjs'

const counters = { victoriaWithin: ALIKE }
/** Answers within a millisecond or two need more rounds for a median that stays. */
const quick = { victoriaWithin: ANYTHING, rounds: 33 }
const DAY_SECONDS = 86_400

/** A row for a query at one moment. */
function instant(what, expr, bars, options) {
  return {
    name: `history: ${what}`,
    bar: barText(bars),
    close: closeLab,
    async run() {
      const ask = ({ client }, atMs) => client.query(expr, { time: atMs / 1000 })
      return verdict(await race(await lab(), ask, options), bars)
    },
  }
}

const availability = (selector) =>
  `1 - sum(increase(ok_total${selector}[30d])) / sum(increase(all_total${selector}[30d]))`

const burning = (selector) => {
  const errors = (window) =>
    `1 - sum(rate(ok_total${selector}[${window}])) / sum(rate(all_total${selector}[${window}]))`
  // With a threshold that every answer reaches, so that there is a value to compare.
  return `(${errors('1h')} >= 0) and (${errors('5m')} >= 0)`
}

const some = { 2: '{in2="yes"}', 10: '{in10="yes"}', 100: '' }
const notSlower = { prometheus: 1, victoria: 1 }
const overWindows = { prometheus: 150, victoria: 20 }

const long = [
  instant('availability 30 d, 10 pairs', availability(some[10]), { prometheus: 300, victoria: 30 }, counters),
  instant('availability 30 d, 100 pairs', availability(some[100]), { prometheus: 1000, victoria: 150 }, counters),
  instant('avg_over_time(x[7d]), 100 series', 'avg_over_time(x[7d])', overWindows),
  instant('stddev_over_time(x[7d]), 100 series', 'stddev_over_time(x[7d])', overWindows),
  instant('max_over_time(x[30d]), 100 series', 'max_over_time(x[30d])', overWindows),
  instant('quantile_over_time(0.99, x[7d]), 10 series', 'quantile_over_time(0.99, x{in10="yes"}[7d])', {
    prometheus: 5,
    victoria: 1.5,
  }),
]

const range = {
  name: 'history: sum(rate(all[5m])) over 7 d at 5 m, 100 series',
  bar: barText({ prometheus: 4 }),
  close: closeLab,
  async run() {
    const ask = ({ client }, atMs) => {
      const end = atMs / 1000
      return client.query('sum(rate(all_total[5m]))', { start: end - 7 * DAY_SECONDS, end, step: 300 })
    }
    return verdict(await race(await lab(), ask, counters), { prometheus: 4 })
  },
}

const short = [2, 10, 100].flatMap((count) => [
  instant(`rate(all[1h]), ${count} series`, `rate(all_total${some[count]}[1h])`, notSlower, quick),
  instant(`burn alert 1 h & 5 m, ${count} pairs`, burning(some[count]), notSlower, quick),
])

export const historyQueries = [...long, range, ...short]
