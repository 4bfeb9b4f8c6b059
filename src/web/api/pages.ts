import { storyOf } from '../alerts/story.ts'
import { needsToken, requireReader } from '../auth.ts'
import { AlertPage } from '../page/alert.tsx'
import { AlertsPage, HistoryPage } from '../page/alerts-page.tsx'
import { CheckPage } from '../page/check.tsx'
import { readCheckFilter } from '../page/filter.tsx'
import { OverviewPage } from '../page/overview.tsx'
import { assetHeaders } from '../page/security.ts'
import { SlosPage } from '../page/slos.tsx'
import { TracePage } from '../page/trace.tsx'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { iconPath, ownUrl, pageContext, sendPage, servedAssets } from '../site.ts'
import { historyView } from '../view/alert-history.ts'
import { alertViews } from '../view/alerts.ts'
import { checkView } from '../view/check.ts'
import { overviewView } from '../view/overview.ts'
import { RUNBOOK_INDEX, runbookView } from '../view/runbook.ts'
import { slosView } from '../view/slos.ts'
import { traceView } from '../view/trace.ts'
import { unknownAlert } from './alerts.ts'

/** What people look at. Runbooks and assets are shipped text and open to everybody, the rest to who may read. */
export const pagesApi: Api = (web, context) => {
  const reader = requireReader(context)

  web.get('/', reader, async (c) => {
    const filter = readCheckFilter(new URL(c.req.url).searchParams)
    const view = await overviewView(context, filter)
    return sendPage(c, OverviewPage({ page: pageContext(c, context), view }))
  })

  web.get('/checks/:name', reader, async (c) => {
    const name = c.req.param('name')
    const jsonUrl = ownUrl(c, context, `/api/v1/checks/${encodeURIComponent(name.toWellFormed())}`)
    const view = await checkView(context, name, { jsonUrl, needsToken: needsToken(context) })
    if (view === undefined) throw new HttpProblem(404, 'Unknown check', `there is no check "${name}"`)
    return sendPage(c, CheckPage({ page: pageContext(c, context), view }))
  })

  web.get('/slos', reader, async (c) => {
    const jsonUrl = ownUrl(c, context, '/api/v1/slos')
    const view = await slosView(context, { jsonUrl, needsToken: needsToken(context) })
    return sendPage(c, SlosPage({ page: pageContext(c, context), view }))
  })

  web.get('/alerts', reader, (c) => {
    const view = {
      alerts: alertViews(context),
      jsonUrl: ownUrl(c, context, '/api/v1/alerts/current'),
      needsToken: needsToken(context),
    }
    return sendPage(c, AlertsPage({ page: pageContext(c, context), view }))
  })

  web.get('/alerts/history', reader, (c) => {
    const view = historyView(context, new URL(c.req.url).searchParams, {
      jsonUrl: (query) => ownUrl(c, context, `/api/v1/alerts/history?${query}`),
      needsToken: needsToken(context),
    })
    return sendPage(c, HistoryPage({ page: pageContext(c, context), view }))
  })

  web.get('/alerts/:fingerprint', reader, (c) => {
    const fingerprint = c.req.param('fingerprint').toLowerCase()
    const story = storyOf(context, fingerprint)
    if (story === undefined) throw unknownAlert(fingerprint)
    const view = {
      story,
      allEvents: c.req.query('events') === 'all',
      jsonUrl: ownUrl(c, context, `/api/v1/alerts/${fingerprint}/timeline`),
      needsToken: needsToken(context),
    }
    return sendPage(c, AlertPage({ page: pageContext(c, context), view }))
  })

  web.get('/traces/:id', reader, (c) => {
    const view = traceView(context, c.req.param('id'), {
      jsonUrl: (id) => ownUrl(c, context, `/api/v1/traces/${encodeURIComponent(id.toWellFormed())}`),
      needsToken: needsToken(context),
    })
    return sendPage(c, TracePage({ page: pageContext(c, context), view }), view.entries.length === 0 ? 404 : 200)
  })

  web.get('/docs/runbooks/:name?', async (c) => {
    const name = c.req.param('name') ?? RUNBOOK_INDEX
    const view = runbookView(name)
    if (view === undefined) throw new HttpProblem(404, 'Unknown runbook', `there is no runbook "${name}"`)
    // The Markdown reader is only needed here, and costs every start if it comes with the rest.
    const { RunbookPage } = await import('../page/runbook.tsx')
    return sendPage(c, RunbookPage({ page: pageContext(c, context), view }))
  })

  web.get('/assets/*', (c) => {
    const asset = servedAssets().get(c.req.path)
    if (asset === undefined) throw new HttpProblem(404, 'Not found', `there is nothing at ${c.req.path}`)
    return c.body(asset.body, 200, { ...assetHeaders, 'content-type': asset.contentType })
  })
  web.get('/favicon.ico', (c) => c.redirect(iconPath(), 302))
}
