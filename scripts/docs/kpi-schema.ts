import { kpiJsonSchema } from '../../src/objective/kpi-schema.ts'
import type { Page } from './page.ts'

/** What editors check files of KPIs with. */
export const kpiSchema: Page = {
  file: 'docs/reference/kpis.schema.json',
  text: () => `${JSON.stringify(kpiJsonSchema(), undefined, 2)}\n`,
}
