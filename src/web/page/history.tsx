import { formatNear, formatWindow } from './time.tsx'

/** The worst that was seen within one slot; `none`: nothing was recorded. */
export type HistorySlot = 'up' | 'degraded' | 'down' | 'maintenance' | 'unknown' | 'none'

/** How something was over a while, in slots of equal length. */
export interface History {
  /** Where the first slot begins, epoch milliseconds. */
  readonly fromMs: number
  readonly slotMs: number
  /** Oldest first. */
  readonly slots: readonly HistorySlot[]
}

const SLOT_WIDTH = 6
const BAR_WIDTH = 5
const HEIGHT = 24

/**
 * The worse, the taller: calm when all is well, and readable without colour. `unknown` is hollow, `maintenance` flat, `none` a
 * dot.
 */
const SHAPES: Readonly<Record<HistorySlot, { readonly top: number; readonly height: number }>> = {
  up: { top: 14, height: 10 },
  degraded: { top: 7, height: 17 },
  down: { top: 0, height: 24 },
  maintenance: { top: 19, height: 5 },
  unknown: { top: 14.5, height: 9 },
  none: { top: 22, height: 2 },
}

const ORDER: readonly HistorySlot[] = ['up', 'degraded', 'down', 'maintenance', 'unknown', 'none']

/** Many in a list: one path for all slots of a kind. */
export function HistoryBars({ history, nowMs }: { readonly history: History; readonly nowMs: number }) {
  const { slots } = history
  const paths = new Map<HistorySlot, string>()
  for (let i = 0; i < slots.length; i++) {
    const kind = slots[i] as HistorySlot
    const { top, height } = SHAPES[kind]
    const bar = `M${i * SLOT_WIDTH + 0.5} ${top}h${BAR_WIDTH}v${height}h-${BAR_WIDTH}z`
    paths.set(kind, (paths.get(kind) ?? '') + bar)
  }
  return (
    <svg
      class="history"
      viewBox={`0 0 ${slots.length * SLOT_WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={describeHistory(history, nowMs)}
    >
      {ORDER.map((kind) => {
        const path = paths.get(kind)
        return path !== undefined && <path class={`slot-${kind}`} d={path} />
      })}
    </svg>
  )
}

/** One alone: with a time over every slot, and a scale below. */
export function HistoryChart({ history, nowMs }: { readonly history: History; readonly nowMs: number }) {
  const { slots, fromMs, slotMs } = history
  const at = (i: number) => formatNear(fromMs + i * slotMs, nowMs)
  return (
    <figure class="chart">
      <svg
        class="history large"
        viewBox={`0 0 ${slots.length * SLOT_WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={describeHistory(history, nowMs)}
      >
        {slots.map((slot, i) => (
          <rect
            class={`slot-${slot}`}
            x={i * SLOT_WIDTH + 0.5}
            y={SHAPES[slot].top}
            width={BAR_WIDTH}
            height={SHAPES[slot].height}
          >
            <title>{`${at(i)} to ${at(i + 1)}: ${WORDS[slot]}`}</title>
          </rect>
        ))}
      </svg>
      <div class="scale" aria-hidden="true">
        <span>{at(0)}</span>
        <span>{at(slots.length / 2)}</span>
        <span>{at(slots.length)}</span>
      </div>
      <figcaption>
        {describeHistory(history, nowMs)} <HistoryLegend />
      </figcaption>
    </figure>
  )
}

const WORDS: Readonly<Record<HistorySlot, string>> = {
  up: 'up',
  degraded: 'degraded',
  down: 'down',
  maintenance: 'in maintenance',
  unknown: 'unknown',
  none: 'no data',
}

/** What the bars mean. */
export function HistoryLegend() {
  return (
    <span class="legend" aria-hidden="true">
      {ORDER.map((kind) => (
        <span>
          <svg viewBox={`0 0 ${SLOT_WIDTH} ${HEIGHT}`} width="5" height="20" aria-hidden="true">
            <rect class={`slot-${kind}`} x="0.5" y={SHAPES[kind].top} width={BAR_WIDTH} height={SHAPES[kind].height} />
          </svg>
          {WORDS[kind]}
        </span>
      ))}
    </span>
  )
}

/** The bars in a sentence: `Last 24 hours: down in 2 of 48 half-hours (last until 02:30 UTC), up in the others.` */
export function describeHistory({ slots, fromMs, slotMs }: History, nowMs: number): string {
  const head = `Last ${formatWindow(slots.length * slotMs)}`
  const counts = new Map<HistorySlot, number>()
  for (const slot of slots) counts.set(slot, (counts.get(slot) ?? 0) + 1)
  const only = counts.size === 1 ? slots[0] : undefined
  if (only !== undefined) return only === 'none' ? `${head}: no data.` : `${head}: ${WORDS[only]} throughout.`
  if (slots.length === 0) return `${head}: no data.`
  const unit = slotMs === 1_800_000 ? 'half-hours' : 'slots'
  let of = ` of ${slots.length} ${unit}`
  const parts = (['down', 'degraded', 'maintenance', 'unknown', 'none'] as const).flatMap((kind) => {
    const count = counts.get(kind)
    if (count === undefined) return []
    const end = slots.lastIndexOf(kind) + 1
    const last =
      kind === 'none' || end === slots.length ? '' : `, last until ${formatNear(fromMs + end * slotMs, nowMs)}`
    const part = `${WORDS[kind]} in ${count}${of}${last}`
    of = ''
    return [part]
  })
  return `${head}: ${parts.join('; ')}${counts.has('up') ? '; otherwise up' : ''}.`
}
