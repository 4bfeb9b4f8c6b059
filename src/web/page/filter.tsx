import type { HealthStatus, HealthSummary } from '../../model/health.ts'
import type { CheckSummary } from './check-row.tsx'
import { STATUSES, StatusIcon, statusWord } from './status.tsx'
import { clip, formatCount } from './text.tsx'

/** Which checks to show; the page's query parameters `status` and `q`. */
export interface CheckFilter {
  readonly status: HealthStatus | undefined
  /** Part of a name, a category, a kind or a target; '' for all. */
  readonly text: string
}

const MAX_TEXT = 200

/** Reads the query parameters; what is not understood filters nothing. */
export function readCheckFilter(query: URLSearchParams): CheckFilter {
  const status = STATUSES.find((one) => one === query.get('status'))
  return { status, text: (query.get('q') ?? '').trim().slice(0, MAX_TEXT) }
}

export function isFiltering({ status, text }: CheckFilter): boolean {
  return status !== undefined || text !== ''
}

export function matches(check: CheckSummary, { status, text }: CheckFilter): boolean {
  // In maintenance it counts to no status.
  if (status !== undefined && (check.status !== status || check.maintenance !== undefined)) return false
  const sought = text.toLowerCase()
  return [check.name, check.category, check.kind, check.target].some((one) => one.toLowerCase().includes(sought))
}

function hrefOf({ status, text }: CheckFilter): string {
  const query = new URLSearchParams()
  if (status !== undefined) query.set('status', status)
  if (text !== '') query.set('q', text)
  return query.size === 0 ? '/#checks' : `/?${query}#checks`
}

interface FilterProps {
  readonly filter: CheckFilter
  readonly summary: HealthSummary
}

/** How many of each status, each a link that shows only those, and a field to search; works without script. */
export function FilterBar({ filter, summary }: FilterProps) {
  return (
    <div class="filter">
      <ul class="counts" aria-label="Show by status">
        <li>
          <a
            href={hrefOf({ ...filter, status: undefined })}
            aria-current={filter.status === undefined ? 'true' : undefined}
          >
            All <span class="number">{formatCount(summary.total)}</span>
          </a>
        </li>
        {STATUSES.map((status) => (
          <li>
            <a
              class={status}
              href={hrefOf({ ...filter, status })}
              aria-current={filter.status === status ? 'true' : undefined}
            >
              <StatusIcon status={status} /> {statusWord(status)}{' '}
              <span class="number">{formatCount(summary[status])}</span>
            </a>
          </li>
        ))}
      </ul>
      <search>
        <form method="get" action="/#checks">
          {filter.status !== undefined && <input type="hidden" name="status" value={filter.status} />}
          <label for="q">Find</label>
          <input
            id="q"
            name="q"
            type="search"
            value={clip(filter.text, MAX_TEXT)}
            maxlength={MAX_TEXT}
            placeholder="name, category, target"
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit">Show</button>
        </form>
      </search>
    </div>
  )
}
