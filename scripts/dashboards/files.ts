import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readKpiFiles } from '../../src/config/kpis.ts'
import { build, printed } from '../../src/dashboard/build.ts'
import { boards } from '../../src/dashboard/registry.ts'
import { kpiBoard } from '../../src/objective/kpi-board.ts'

/** A file in `dashboards/` and what has to stand in it. */
export interface DashboardFile {
  readonly file: string
  readonly text: () => string
}

/** KPIs to show what their dashboard looks like; the operator's own take their place. */
export const EXAMPLE_KPIS = 'docs/examples/kpis.yml'

/** Every shipped dashboard. */
export function files(root: string): readonly DashboardFile[] {
  const ofBoards = Object.entries(boards).map(([name, board]) => ({
    file: `dashboards/${name}.json`,
    text: () => printed(build(board)),
  }))
  return [...ofBoards, { file: 'dashboards/kpis.json', text: () => printed(build(kpiBoard(exampleKpis(root)))) }]
}

/** @throws Error when there is a mistake in the example */
export function exampleKpis(root: string) {
  const { kpis, problems } = readKpiFiles([
    { file: EXAMPLE_KPIS, text: readFileSync(join(root, EXAMPLE_KPIS), 'utf8') },
  ])
  if (problems.length > 0) throw new Error(problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  return kpis
}
