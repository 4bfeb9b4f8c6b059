import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { readAsset } from '../../../src/lib/asset.ts'
import { AckPage } from '../../../src/web/page/acknowledge.tsx'
import { AlertPage, type AlertPageView } from '../../../src/web/page/alert.tsx'
import type { AlertView } from '../../../src/web/page/alerts.tsx'
import { AlertsPage, HistoryPage } from '../../../src/web/page/alerts-page.tsx'
import { addressAssets } from '../../../src/web/page/assets.ts'
import { CheckPage, type CheckView } from '../../../src/web/page/check.tsx'
import { FailurePage } from '../../../src/web/page/failure.tsx'
import { readCheckFilter } from '../../../src/web/page/filter.tsx'
import { type PageContext, renderPage } from '../../../src/web/page/layout.tsx'
import { LoginPage } from '../../../src/web/page/login.tsx'
import { OverviewPage } from '../../../src/web/page/overview.tsx'
import { RunbookPage } from '../../../src/web/page/runbook.tsx'
import { assetHeaders, pageHeaders } from '../../../src/web/page/security.ts'
import { SlosPage } from '../../../src/web/page/slos.tsx'
import { TracePage, type TraceView } from '../../../src/web/page/trace.tsx'
import * as alertViews from './alert-views.ts'
import * as views from './views.ts'

/** Every page with its headers, on a loopback port; `await using` stops it. */
export interface Site extends AsyncDisposable {
  readonly origin: string
  /** The Origin header of every form that was posted. */
  readonly postedFrom: readonly (string | undefined)[]
}

export const paths = [
  '/',
  '/well',
  '/empty',
  '/many',
  '/unkind',
  '/?status=degraded',
  '/checks/shop',
  '/checks/nightly-backup',
  '/checks/unkind',
  '/slos',
  '/alerts',
  '/alerts/none',
  '/alerts/unkind',
  '/alerts/history',
  '/alerts/5d394e804b44d651',
  '/alerts/gone',
  '/alerts/never',
  '/alerts/unkind-story',
  '/traces/4bf92f3577b34da6a3ce929d0e0e4736',
  '/traces/none',
  '/traces/unkind',
  '/login',
  '/login?again',
  '/ack/x',
  '/ack/gone',
  '/docs/runbooks',
  '/docs/runbooks/check-down',
  '/nowhere',
  '/broken',
] as const

export async function serveSite(): Promise<Site> {
  const { assets, served } = addressAssets((file) => readAsset(`static/${file}`))
  const postedFrom: (string | undefined)[] = []
  const app = new Hono()
  const context = (path: string): PageContext => ({ ...views.page, assets, path })
  const html = (element: { toString(): unknown }, status = 200) =>
    new Response(renderPage(element), { status, headers: pageHeaders })

  app.get('/assets/*', (c) => {
    const asset = served.get(c.req.path)
    if (asset === undefined) return c.notFound()
    return new Response(asset.body, { headers: { ...assetHeaders, 'Content-Type': asset.contentType } })
  })
  app.get('/favicon.ico', (c) => c.redirect(assets.icon))
  for (const [path, view] of [
    ['/', views.badNight],
    ['/well', views.allWell],
    ['/empty', views.overview([])],
    ['/many', views.many],
    ['/unkind', views.unkind],
  ] as const) {
    app.get(path, (c) => {
      const filter = readCheckFilter(new URL(c.req.url).searchParams)
      return html(<OverviewPage page={context(path)} view={{ ...view, filter }} />)
    })
  }
  const checks: Readonly<Record<string, CheckView>> = { shop: views.shopView, unkind: views.unkindView }
  app.get('/checks/:name', (c) => {
    const view = checks[c.req.param('name')] ?? views.heartbeatView
    return html(<CheckPage page={context('/checks/shop')} view={view} />)
  })
  app.get('/slos', () => html(<SlosPage page={context('/slos')} view={views.slosView} />))
  const lists: Readonly<Record<string, readonly AlertView[]>> = {
    '/alerts': views.badNight.alerts,
    '/alerts/none': [],
    '/alerts/unkind': views.unkind.alerts,
  }
  for (const [path, alerts] of Object.entries(lists)) {
    const view = { alerts, jsonUrl: 'https://watch.example.org/api/v1/alerts/current', needsToken: true }
    app.get(path, () => html(<AlertsPage page={context('/alerts')} view={view} />))
  }
  app.get('/alerts/history', () => html(<HistoryPage page={context('/alerts')} view={alertViews.historyPage} />))
  const stories: Readonly<Record<string, AlertPageView>> = {
    gone: alertViews.gonePage,
    never: alertViews.neverPage,
    'unkind-story': alertViews.unkindPage,
  }
  app.get('/alerts/:id', (c) => {
    return html(<AlertPage page={context('/alerts')} view={stories[c.req.param('id')] ?? alertViews.alertPage} />)
  })
  const nothing: TraceView = { ...views.traceView, traceId: 'none', entries: [], total: 0 }
  const traces: Readonly<Record<string, TraceView>> = { none: nothing, unkind: views.unkindTrace }
  app.get('/traces/:id', (c) => {
    return html(<TracePage page={context('/traces')} view={traces[c.req.param('id')] ?? views.traceView} />)
  })
  app.get('/login', (c) => {
    const problem = c.req.query('again') === undefined ? undefined : 'This token is not known, or it was revoked.'
    return html(<LoginPage page={{ ...context('/login'), navigation: [] }} view={{ next: '/', problem }} />)
  })
  app.post('/login', (c) => {
    postedFrom.push(c.req.header('origin'))
    return c.redirect('/', 303)
  })
  app.get('/ack/:token', (c) => {
    const view = c.req.param('token') === 'gone' ? { ...views.ackView, alerts: [] } : views.ackView
    return html(<AckPage page={{ ...context('/ack'), navigation: [] }} view={view} />)
  })
  app.get('/docs/runbooks/:name?', (c) => {
    const name = c.req.param('name') ?? 'README'
    const markdown = readAsset(`docs/runbooks/${name}.md`)
    return html(<RunbookPage page={context('/docs/runbooks')} view={{ name, markdown }} />)
  })
  app.get('/broken', () => {
    const view = { status: 500, detail: '', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }
    return html(<FailurePage page={{ ...context('/broken'), signedIn: true }} view={view} />, 500)
  })
  app.notFound((c) =>
    html(<FailurePage page={context(c.req.path)} view={{ status: 404, detail: '', traceId: undefined }} />, 404),
  )

  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 })
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    postedFrom,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
