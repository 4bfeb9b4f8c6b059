import { type Condition, worse } from '../../model/measure.ts'
import type { Episode } from '../../store/episodes.ts'
import { LabelList } from './labels.tsx'
import { alertPath } from './link.tsx'
import { Severity } from './status.tsx'
import { formatValue, Given } from './text.tsx'
import { formatSpan, Instant } from './time.tsx'

interface EpisodeListProps {
  readonly episodes: readonly Episode[]
  readonly nowMs: number
  /** All of them are of one alert, whose name and labels stand elsewhere. */
  readonly isOne?: boolean
}

/** Each time that an alert fired, a row each. */
export function EpisodeList({ episodes, nowMs, isOne = false }: EpisodeListProps) {
  return (
    <ol class="rows episodes">
      {episodes.map((episode) => (
        <li>
          <Instant atMs={episode.startedMs} nowMs={nowMs} />
          <span class="took">
            {episode.endedMs === undefined ? (
              <strong>still fires</strong>
            ) : (
              `for ${formatSpan(episode.endedMs - episode.startedMs)}`
            )}
          </span>
          {!isOne && <Name episode={episode} />}
          <Peak episode={episode} />
          {!isOne && <LabelList labels={episode.labels.drop(SHOWN_APART).toObject()} />}
        </li>
      ))}
    </ol>
  )
}

const SHOWN_APART = new Set(['alertname', 'severity'])

function Name({ episode: { fingerprint, labels } }: { readonly episode: Episode }) {
  const severity = labels.get('severity')
  return (
    <span>
      {severity !== '' && (
        <>
          <Severity severity={severity} />{' '}
        </>
      )}
      <a class="name" href={alertPath(fingerprint)}>
        <Given text={labels.get('alertname') || fingerprint} max={200} />
      </a>
    </span>
  )
}

function Peak({ episode: { origin, last } }: { readonly episode: Episode }) {
  if (origin === undefined || origin.condition?.op === '==') return null
  const { condition } = origin
  const peak = worse(Number(origin.peak), Number((last ?? origin).peak), condition)
  return (
    <span class="muted">
      worst {formatValue(peak)}
      {condition !== undefined && <Threshold condition={condition} />}
    </span>
  )
}

function Threshold({ condition: { op, bound } }: { readonly condition: Condition }) {
  return (
    <>
      {' '}
      (threshold {op} {formatValue(bound)})
    </>
  )
}
