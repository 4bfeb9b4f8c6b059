import { Given } from './text.tsx'
import { formatLatency } from './time.tsx'

/** One part of a run: `resolve`, `connect`, `tls`, `processing`, `transfer`, … */
export interface PhaseView {
  readonly name: string
  readonly durationMs: number
  /** The run ended here, and not well. */
  readonly hasFailed: boolean
}

const WIDTH = 200

/** Where the time of one run went: a bar for each phase, each beginning where the one before ended. */
export function PhaseTable({ phases }: { readonly phases: readonly PhaseView[] }) {
  const totalMs = phases.reduce((sum, { durationMs }) => sum + durationMs, 0)
  let startMs = 0
  return (
    <table class="phases">
      <thead>
        <tr>
          <th scope="col">Phase</th>
          <th scope="col">Time</th>
          <th scope="col">
            <span class="visually-hidden">Share of the run</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {phases.map(({ name, durationMs, hasFailed }) => {
          const x = totalMs === 0 ? 0 : (startMs / totalMs) * WIDTH
          const width = totalMs === 0 ? 0 : (durationMs / totalMs) * WIDTH
          startMs += durationMs
          return (
            <tr class={hasFailed ? 'failed' : undefined}>
              <th scope="row">
                <Given text={name} max={60} />
                {hasFailed && <strong> failed</strong>}
              </th>
              <td class="number">{formatLatency(durationMs)}</td>
              <td>
                <Span x={x} width={width} of={WIDTH} />
              </td>
            </tr>
          )
        })}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <td class="number">{formatLatency(totalMs)}</td>
          <td />
        </tr>
      </tfoot>
    </table>
  )
}

/** A stretch of time within a longer one; the numbers stand beside it. */
export function Span({ x, width, of }: { readonly x: number; readonly width: number; readonly of: number }) {
  const shown = Math.max(width, of / 100)
  const start = Math.max(0, Math.min(x, of - shown))
  return (
    <svg class="span" viewBox={`0 0 ${of} 10`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="span-track" x="0" y="4" width={of} height="2" />
      <rect class="span-bar" x={start.toFixed(2)} y="0" width={shown.toFixed(2)} height="10" />
    </svg>
  )
}
