import { checks } from './checks.ts'
import { cli } from './cli.ts'
import { config } from './config.ts'
import { kpiSchema } from './kpi-schema.ts'
import { metrics } from './metrics.ts'
import type { Page } from './page.ts'
import { rules } from './rules.ts'

/** Every generated page; a new one is its own file plus a line here. */
export const pages: readonly Page[] = [checks, cli, config, kpiSchema, metrics, rules]
