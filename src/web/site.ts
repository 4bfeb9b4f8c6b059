import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { readAsset } from '../lib/asset.ts'
import { version } from '../lib/version.ts'
import type { WebEnv } from './auth.ts'
import type { WebContext } from './context.ts'
import { addressAssets, type ServedAsset } from './page/assets.ts'
import { type NavigationItem, type PageContext, renderPage } from './page/layout.tsx'
import { pageHeaders } from './page/security.ts'

const NAVIGATION: readonly NavigationItem[] = [
  { href: '/', label: 'Overview' },
  { href: '/alerts', label: 'Alerts' },
  { href: '/slos', label: 'Objectives' },
  { href: '/docs/runbooks', label: 'Runbooks' },
]

let addressed: ReturnType<typeof addressAssets> | undefined

function assetsOnce(): ReturnType<typeof addressAssets> {
  addressed ??= addressAssets((file) => readAsset(`static/${file}`))
  return addressed
}

/** The files of the pages by their address. */
export function servedAssets(): ReadonlyMap<string, ServedAsset> {
  return assetsOnce().served
}

/** Where the icon is, for those who ask for `/favicon.ico`. */
export function iconPath(): string {
  return assetsOnce().assets.icon
}

/** What a page knows beside its own view. */
export function pageContext(c: Context<WebEnv>, { clock }: WebContext): PageContext {
  const caller = c.get('caller')
  return {
    assets: assetsOnce().assets,
    nowMs: clock.now(),
    version,
    path: c.req.path,
    navigation: NAVIGATION,
    actor: caller?.scopes.includes('admin') === true ? (caller.isSession ? caller.name : '') : undefined,
    signedIn: caller?.isSession ?? false,
  }
}

/** Answers with a page. */
export function sendPage(
  c: Context<WebEnv>,
  page: { toString(): unknown },
  status: ContentfulStatusCode = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return c.body(renderPage(page), status, { ...pageHeaders, ...headers })
}

/** An address of ours as a reader elsewhere can call it. */
export function ownUrl(c: Context<WebEnv>, context: WebContext, path: string): string {
  return `${context.config().server.externalUrl ?? new URL(c.req.url).origin}${path}`
}
