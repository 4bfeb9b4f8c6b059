import type { Severity } from '../../objective/slo.ts'
import { Command } from './command.tsx'
import { Layout, type PageContext } from './layout.tsx'
import { clipPlain, Given, plural } from './text.tsx'
import { formatSpan } from './time.tsx'

/** An SLO as the page shows it. */
export interface SloRowView {
  readonly id: string
  readonly description: string
  /** Percent. */
  readonly objective: number
  readonly window: string
  /** The share of the budget that is left; below 0 when more than all is gone, undefined when nothing is known. */
  readonly budgetLeft: number | undefined
  readonly burnRate: number | undefined
  readonly exhaustedInMs: number | undefined
  readonly firing: readonly Severity[]
}

export interface SlosView {
  readonly slos: readonly SloRowView[]
  /** The whole address that gives the same as JSON. */
  readonly jsonUrl: string
  readonly needsToken: boolean
}

/** Every objective with what is left of its budget, the most burnt first. */
export function SlosPage({ page, view }: { readonly page: PageContext; readonly view: SlosView }) {
  const { slos, jsonUrl, needsToken } = view
  const known = slos.filter(({ budgetLeft }) => budgetLeft !== undefined)
  const gone = known.filter(({ budgetLeft }) => (budgetLeft as number) <= 0)
  const sorted = slos.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
  return (
    <Layout page={page} title={gone.length > 0 ? `${gone.length} budgets used up` : 'Objectives'}>
      <h1>{headline(slos.length, gone.length)}</h1>
      {slos.length === 0 ? (
        <p class="empty">
          No objectives are set. Write them as files and name these in <code>slo_files:</code> of{' '}
          <code>midwatch.yml</code>.
        </p>
      ) : (
        <>
          <p class="muted hint">
            The bar is what is left of the error budget. Burning at 1× uses a budget up exactly within its period.
          </p>
          <ul class="rows">
            {sorted.map((slo) => (
              <SloRow slo={slo} />
            ))}
          </ul>
        </>
      )}
      <section aria-labelledby="json">
        <h2 id="json">The same as JSON</h2>
        <Command url={jsonUrl} needsToken={needsToken} />
      </section>
    </Layout>
  )
}

function headline(count: number, gone: number): string {
  if (count === 0) return 'Objectives'
  if (gone === 0) return `${plural(count, 'objective')}, each with budget left or not measured yet`
  return `${gone} of ${plural(count, 'objective')} ${gone === 1 ? 'has' : 'have'} no budget left`
}

/** Those of which nothing is known come last. */
function rank({ budgetLeft, firing }: SloRowView): number {
  const urgent = firing.includes('page') ? -1000 : 0
  return urgent + (budgetLeft === undefined ? 2 : Math.max(budgetLeft, -500))
}

function SloRow({ slo }: { readonly slo: SloRowView }) {
  const { id, description, objective, window, budgetLeft, burnRate, exhaustedInMs, firing } = slo
  return (
    <li class="slo">
      <div class="what">
        <strong class="name">
          <Given text={id} max={200} />
        </strong>
        {firing.map((severity) => (
          <>
            {' '}
            <span class={severity === 'page' ? 'tag bad' : 'tag'}>{severity} fires</span>
          </>
        ))}
        <span class="muted target">
          {objective} % over {window}
          {description !== '' && (
            <>
              {' '}
              · <Given text={description} max={300} />
            </>
          )}
        </span>
      </div>
      <BudgetBar id={id} left={budgetLeft} />
      <dl class="budget">
        <div>
          <dt>Budget left</dt>
          <dd>{budgetLeft === undefined ? 'no data' : percent(budgetLeft)}</dd>
        </div>
        <div>
          <dt>Burns at</dt>
          <dd>{burnRate === undefined ? 'no data' : `${formatBurn(burnRate)}×`}</dd>
        </div>
        <div>
          <dt>Used up in</dt>
          <dd>{usedUp(budgetLeft, exhaustedInMs)}</dd>
        </div>
      </dl>
    </li>
  )
}

type Level = 'healthy' | 'degraded' | 'unhealthy' | 'unknown'
/** Less than this is worth a look. */
const LOW = 0.25

function levelOf(left: number | undefined): Level {
  if (left === undefined) return 'unknown'
  if (left <= 0) return 'unhealthy'
  return left < LOW ? 'degraded' : 'healthy'
}

const WIDTH = 200
const HEIGHT = 10

/** As long as what is left; the frame alone when nothing is. */
function BudgetBar({ id, left }: { readonly id: string; readonly left: number | undefined }) {
  const width = Math.min(Math.max(left ?? 0, 0), 1) * WIDTH
  const said = left === undefined ? 'nothing is known yet' : `${percent(left)} left`
  return (
    <svg
      class={`budget-bar ${levelOf(left)}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Budget of ${clipPlain(id, 100)}: ${said}`}
    >
      <rect class="frame-of-bar" x="0.5" y="0.5" width={WIDTH - 1} height={HEIGHT - 1} />
      {width > 0 && <rect class="left-of-budget" x="0" y="0" width={round(width)} height={HEIGHT} />}
    </svg>
  )
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function percent(share: number): string {
  if (share < -99) return 'all gone, and over 100 times more'
  return `${(100 * share).toFixed(Math.abs(share) >= 0.1 ? 1 : 2)} %`
}

function formatBurn(rate: number): string {
  return String(Number(rate.toPrecision(rate >= 100 ? 4 : 3)))
}

function usedUp(left: number | undefined, inMs: number | undefined): string {
  if (left === undefined) return 'no data'
  if (left <= 0) return 'used up'
  return inMs === undefined ? 'does not burn' : formatSpan(inMs)
}
