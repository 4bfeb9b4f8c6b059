import type { SloMonth, SloReport } from '../view/slo-report.ts'
import { formatShare, Given, plural } from './text.tsx'
import { formatInstant, formatSpan } from './time.tsx'

/** All that the report looks like: it is one file that can be kept, sent and printed. */
export const REPORT_STYLE = `
:root { color-scheme: light; font-family: system-ui, sans-serif; font-size: 10.5pt; line-height: 1.45; color: #17202c; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 0; }
.muted { color: #56616f; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 2rem; }
th, td { text-align: left; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid #d7dde4; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.missed { color: #b3261e; font-weight: 650; }
.met { color: #1b7a49; font-weight: 650; }
section { margin: 0 0 1.75rem; break-inside: avoid; }
svg { display: block; width: 100%; height: 4.5rem; margin: 0.4rem 0; }
@page { margin: 16mm; }
@media print { body { margin: 0; max-width: none; padding: 0; } thead { display: table-header-group; } tr { break-inside: avoid; } }
`

/** A month of all SLOs as a page of its own, which loads nothing. */
export function SloReportPage({ report }: { readonly report: SloReport }) {
  const { month, slos, complete, made_at } = report
  const missed = slos.filter(({ met }) => met === false).length
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`Objectives in ${month}`}</title>
        <style dangerouslySetInnerHTML={{ __html: REPORT_STYLE }} />
      </head>
      <body>
        <h1>Objectives in {month}</h1>
        <p class="muted">
          {verdict(slos.length, missed)} {complete ? '' : 'The month is not over yet. '}
          Made on {formatInstant(Date.parse(made_at))}; days are those of UTC.
        </p>
        {slos.length > 0 && (
          <table>
            <thead>
              <tr>
                <th scope="col">Objective</th>
                <th scope="col" class="number">
                  Wanted
                </th>
                <th scope="col" class="number">
                  Achieved
                </th>
                <th scope="col" class="number">
                  Budget used
                </th>
                <th scope="col" class="number">
                  Paged for
                </th>
                <th scope="col" class="number">
                  Measured
                </th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {slos.map((slo) => (
                <Row slo={slo} />
              ))}
            </tbody>
          </table>
        )}
        {slos.map((slo) => (
          <Days slo={slo} />
        ))}
        <p class="muted">
          Achieved is the mean over what was measured; time without events and time that is not known are left out. The
          budget is the month’s own: what the objective allows of it.
        </p>
      </body>
    </html>
  )
}

function verdict(count: number, missed: number): string {
  if (count === 0) return 'There are no objectives.'
  if (missed === 0) return `${plural(count, 'objective')}, none of them missed.`
  return `${missed} of ${plural(count, 'objective')} missed.`
}

function Row({ slo }: { readonly slo: SloMonth }) {
  const { id, description, objective, error_ratio, budget_used_ratio, page_seconds, measured_ratio, met } = slo
  return (
    <tr>
      <th scope="row">
        <Given text={id} max={200} />
        {description !== '' && (
          <div class="muted">
            <Given text={description} max={300} />
          </div>
        )}
      </th>
      <td class="number">{objective} %</td>
      <td class="number">{error_ratio === null ? 'not known' : formatShare(1 - error_ratio)}</td>
      <td class="number">{budget_used_ratio === null ? '' : usedText(budget_used_ratio)}</td>
      <td class="number">{page_seconds === 0 ? '' : formatSpan(page_seconds * 1000)}</td>
      <td class="number">{formatShare(measured_ratio)}</td>
      <td class={met === null ? '' : met ? 'met' : 'missed'}>{met === null ? 'no data' : met ? 'met' : 'missed'}</td>
    </tr>
  )
}

function usedText(share: number): string {
  return share > 100 ? 'over 100 times' : `${(100 * share).toFixed(1)} %`
}

const SLOT = 20
const HEIGHT = 60
/** Even a day with few errors shows. */
const LEAST = 2

/** A bar a day, as high as its part of the month's budget. */
function Days({ slo }: { readonly slo: SloMonth }) {
  const { id, objective, days } = slo
  const budget = (100 - objective) / 100
  const most = Math.max(2 * budget, ...days.map(({ error_ratio }) => error_ratio ?? 0), Number.MIN_VALUE)
  const line = HEIGHT - (HEIGHT * budget) / most
  return (
    <section>
      <h2>
        <Given text={id} max={200} />
      </h2>
      <svg
        viewBox={`0 0 ${days.length * SLOT} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Errors of ${id}, day by day; the line is what the objective allows`}
      >
        <rect x="0" y={HEIGHT - 0.5} width={days.length * SLOT} height="0.5" fill="#8b95a1" />
        {days.map(({ day, error_ratio }, i) => {
          if (error_ratio === null)
            return <rect x={i * SLOT + 2} y={HEIGHT - 1} width={SLOT - 4} height="1" fill="#d7dde4" />
          const height = error_ratio === 0 ? 1 : Math.max((HEIGHT * error_ratio) / most, LEAST)
          const isOver = error_ratio > budget
          return (
            <rect
              x={i * SLOT + 2}
              y={HEIGHT - height}
              width={SLOT - 4}
              height={height}
              fill={isOver ? '#b3261e' : '#4d9c74'}
            >
              <title>{`${day}: ${(100 * error_ratio).toPrecision(3)} % errors`}</title>
            </rect>
          )
        })}
        <line
          x1="0"
          x2={days.length * SLOT}
          y1={line}
          y2={line}
          stroke="#17202c"
          stroke-width="0.75"
          stroke-dasharray="4 3"
        />
      </svg>
      <p class="muted">
        The dashed line is what the objective allows: {formatShare(budget)} of a day. Red days are over it.
      </p>
    </section>
  )
}
