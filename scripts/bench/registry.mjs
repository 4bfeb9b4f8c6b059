import { flushCycle, flushMemory } from './alerts/flush.mjs'
import { sampleToPost } from './alerts/sample-to-post.mjs'
import { decidingStages } from './alerts/stages.mjs'
import { auditFiveMillion } from './audit/five-million.mjs'
import { auditPosts } from './audit/posts.mjs'
import { auditLookup } from './audit-lookup.mjs'
import { sloCompilation } from './hand-over/compile-slos.mjs'
import { exportTime, historyExport } from './hand-over/export.mjs'
import { remoteWriteRate } from './hand-over/remote-write.mjs'
import { healthUnderPush } from './health-under-push.mjs'
import { healthUnderQuery } from './health-under-query.mjs'
import { historyQueries } from './history/queries.mjs'
import { restart } from './history/restart.mjs'
import { ruleCycle } from './history/rule-cycle.mjs'
import { sampleSize } from './history/size.mjs'
import { idleMemory } from './idle-memory.mjs'
import { alertCycle } from './ingest/alert-cycle.mjs'
import { healthUnderScrape } from './ingest/health-under-scrape.mjs'
import { memoryOfHundredThousand, memoryOfTenThousand } from './ingest/memory.mjs'
import { recovery } from './ingest/recovery.mjs'
import { scrapeTime } from './ingest/scrape-time.mjs'
import { probeCpu } from './probe-cpu.mjs'
import { seriesIndex, seriesIndexMemory } from './series-index.mjs'
import { startTime } from './start-time.mjs'
import { thousandChecks } from './thousand-checks.mjs'

/** Every row of the table. */
export const benches = [
  startTime,
  idleMemory,
  thousandChecks,
  probeCpu,
  healthUnderPush,
  healthUnderQuery,
  auditLookup,
  auditFiveMillion,
  auditPosts,
  seriesIndex,
  seriesIndexMemory,
  scrapeTime,
  healthUnderScrape,
  alertCycle,
  memoryOfTenThousand,
  memoryOfHundredThousand,
  recovery,
  sampleToPost,
  flushCycle,
  flushMemory,
  decidingStages,
  sloCompilation,
  exportTime,
  historyExport,
  remoteWriteRate,
  sampleSize,
  restart,
  ruleCycle,
  ...historyQueries,
]
