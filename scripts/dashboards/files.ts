import { build, printed } from '../../src/dashboard/build.ts'
import { boards } from '../../src/dashboard/registry.ts'

/** A file in `dashboards/` and what has to stand in it. */
export interface DashboardFile {
  readonly file: string
  readonly text: () => string
}

/** Every shipped dashboard. */
export const files: readonly DashboardFile[] = Object.entries(boards).map(([name, board]) => ({
  file: `dashboards/${name}.json`,
  text: () => printed(build(board)),
}))
