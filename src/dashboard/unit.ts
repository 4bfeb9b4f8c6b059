/** Grafana's names of the units that are used here, and what each is for. */
export const UNITS = {
  none: 'a number as it is',
  short: 'a number, shortened: 1.2 K',
  percentunit: 'a share from 0 to 1, shown as percent',
  percent: 'a share from 0 to 100',
  s: 'seconds',
  ms: 'milliseconds',
  d: 'days',
  bytes: 'bytes, in powers of 1024',
  Bps: 'bytes a second',
  ops: 'operations a second',
  reqps: 'requests a second',
  cps: 'counts a second',
  currencyUSD: 'dollars',
  currencyEUR: 'euros',
  dateTimeAsIso: 'a moment, from milliseconds of Unix time',
} as const

type KnownUnit = keyof typeof UNITS

/** `suffix:points` and the like stand for what Grafana has no name for. */
export type Unit = KnownUnit | `suffix:${string}`
