import { didYouMean } from '../../lib/suggest.ts'
import { requireScope } from '../auth.ts'
import { pageOf } from '../paging.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { kpiView } from '../view/kpi.ts'

/** KPIs: what they are, and how they are now. */
export const kpisApi: Api = (web, context) => {
  const read = requireScope(context, 'read')

  web.get('/api/v1/kpis', read, async (c) => {
    const page = pageOf(c, context.kpis.all)
    const items = await Promise.all(page.items.map((kpi) => kpiView(context, kpi)))
    return c.json({ ...page, items }, 200, { 'cache-control': 'no-store' })
  })

  web.get('/api/v1/kpis/:name', read, async (c) => {
    const name = c.req.param('name')
    const kpi = context.kpis.all.find((one) => one.name === name)
    if (kpi !== undefined) return c.json(await kpiView(context, kpi), 200, { 'cache-control': 'no-store' })
    const near = didYouMean(
      name,
      context.kpis.all.map((one) => one.name),
      'there are',
    )
    throw new HttpProblem(404, 'Unknown KPI', `there is no KPI "${name}"${near}`)
  })
}
