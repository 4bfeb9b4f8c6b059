import { requireScope } from '../auth.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'

/** What Grafana reads; more of it is passed on unread. */
interface Shipped {
  readonly uid: string
  readonly title: string
  readonly description: string
}

/** Dashboards for Grafana, as files that it takes. */
export const dashboardsApi: Api = (web, context) => {
  const read = requireScope(context, 'read')

  web.get('/api/v1/dashboards', read, async (c) => {
    const items = (await dashboards(context)).map(({ uid, title, description }) => ({ uid, title, description }))
    return c.json({ items, page: 1, page_size: items.length, total: items.length })
  })

  web.get('/api/v1/dashboards/:uid', read, async (c) => {
    const uid = c.req.param('uid')
    const all = await dashboards(context)
    const found = all.find((one) => one.uid === uid)
    if (found !== undefined) return c.json(found)
    const known = all.map((one) => one.uid).join(', ')
    throw new HttpProblem(404, 'Unknown dashboard', `there is no dashboard "${uid}"; there are ${known}`)
  })
}

async function dashboards({ kpis }: WebContext): Promise<readonly Shipped[]> {
  const { dashboardTexts } = await import('../../objective/kpi-dashboards.ts')
  return dashboardTexts(kpis.all).map(({ text }) => JSON.parse(text) as Shipped)
}
