import { isSecretKey } from '../../lib/redact.ts'
import { formatDuration } from '../../model/duration.ts'
import type { Labels } from '../../model/labels.ts'
import { PARAM_PREFIX, type Target } from './target.ts'
import type { TargetHealth } from './target-scraper.ts'

/** A target as `GET /api/v1/targets` shows it. */
export interface ActiveTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly scrapePool: string
  readonly scrapeUrl: string
  readonly globalUrl: string
  readonly lastError: string
  /** RFC 3339; Go's zero time before the first scrape. */
  readonly lastScrape: string
  /** Seconds. */
  readonly lastScrapeDuration: number
  readonly health: 'up' | 'down' | 'unknown'
  readonly scrapeInterval: string
  readonly scrapeTimeout: string
}

export interface DroppedTarget {
  readonly discoveredLabels: Readonly<Record<string, string>>
  readonly scrapePool: string
}

const GO_ZERO_TIME = '0001-01-01T00:00:00Z'

export function activeTarget(scrapePool: string, target: Target, health: TargetHealth): ActiveTarget {
  const { lastScrapeMs, lastDurationMs } = health
  return {
    discoveredLabels: shownLabels(target.discovered),
    labels: target.labels.toObject(),
    scrapePool,
    scrapeUrl: target.shownUrl,
    globalUrl: target.shownUrl,
    lastError: health.lastError,
    lastScrape: lastScrapeMs === undefined ? GO_ZERO_TIME : new Date(lastScrapeMs).toISOString(),
    lastScrapeDuration: lastDurationMs / 1000,
    health: health.health,
    scrapeInterval: formatDuration(target.intervalMs),
    scrapeTimeout: formatDuration(target.timeoutMs),
  }
}

export function droppedTarget(scrapePool: string, discovered: Labels): DroppedTarget {
  return { discoveredLabels: shownLabels(discovered), scrapePool }
}

function shownLabels(labels: Labels): Record<string, string> {
  const record = labels.toObject()
  for (const name of Object.keys(record)) {
    if (name.startsWith(PARAM_PREFIX) && isSecretKey(name.slice(PARAM_PREFIX.length))) record[name] = '<secret>'
  }
  return record
}
