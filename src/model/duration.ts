const UNITS = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/**
 * Reads a Prometheus duration: `1y2w3d4h5m6s7ms`, each unit at most once and in that order, or a plain `0`.
 *
 * @returns milliseconds, or undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = DURATION.exec(text)
  if (match === null || text === '') return undefined
  const ms = UNITS.reduce((sum, [, unitMs], i) => sum + Number(match[i + 1] ?? 0) * unitMs, 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}

/**
 * Prints as Prometheus' `Duration.String()`: years and weeks only when they divide exactly (7d is `1w`, 30d stays
 * `30d`), then d, h, m, s, ms as needed; 0 is `0s`.
 */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = ms
  let text = ''
  for (const [unit, unitMs] of UNITS) {
    const exactOnly = unit === 'y' || unit === 'w'
    if (exactOnly && rest % unitMs !== 0) continue
    const count = Math.floor(rest / unitMs)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}
