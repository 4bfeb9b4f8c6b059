import { basename } from 'node:path'
import { build, printed } from '../dashboard/build.ts'
import { listAssets, readAsset } from '../lib/asset.ts'
import type { Kpi } from './kpi.ts'
import { kpiBoard } from './kpi-board.ts'

export interface DashboardText {
  /** `overview.json`. */
  readonly file: string
  readonly text: string
}

/** Of the example; the operator's own KPIs take its place. */
const KPI_FILE = 'kpis.json'

/** Every dashboard as a file for Grafana: the shipped ones, and that of the KPIs in use. */
export function dashboardTexts(kpis: readonly Kpi[]): readonly DashboardText[] {
  const shipped = listAssets('dashboards')
    .map((name) => ({ file: basename(name), name }))
    .filter(({ file }) => file !== KPI_FILE)
    .map(({ file, name }) => ({ file, text: readAsset(name) }))
  return kpis.length === 0 ? shipped : [...shipped, { file: KPI_FILE, text: printed(build(kpiBoard(kpis))) }]
}
