import type { Child } from 'hono/jsx'
import type { PageAssets } from './assets.ts'
import { clipPlain } from './text.tsx'

export interface NavigationItem {
  readonly href: string
  readonly label: string
}

/** What every page knows beside its own view. */
export interface PageContext {
  readonly assets: PageAssets
  /** The one reading of the clock for all relative times of the page. */
  readonly nowMs: number
  readonly version: string
  /** The path that was asked for, to mark the reader's place in the navigation. */
  readonly path: string
  readonly navigation: readonly NavigationItem[]
  /** Who reads it and may change something, '' where nobody has to say who they are; undefined for who may only read. */
  readonly actor: string | undefined
  /** Whether there is a session to end. */
  readonly signedIn: boolean
}

interface LayoutProps {
  readonly page: PageContext
  /** What tells this page from others in a row of tabs: the worst first. */
  readonly title: string
  readonly children?: Child
}

/** The frame of every page: head, skip link, landmarks. */
export function Layout({ page, title, children }: LayoutProps) {
  const { assets, version } = page
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${clipPlain(title, 120)} · midwatch`}</title>
        <link rel="icon" type="image/svg+xml" href={assets.icon} />
        <link rel="stylesheet" href={assets.css} />
      </head>
      <body>
        <a class="skip-link" href="#content">
          Skip to the content
        </a>
        <header class="masthead">
          <div class="frame">
            <a class="brand" href="/">
              <img src={assets.icon} alt="" width="24" height="24" />
              midwatch
            </a>
            <Navigation page={page} />
          </div>
        </header>
        <main id="content" class="frame" tabindex={-1}>
          {children}
        </main>
        <footer class="frame footer">midwatch {version} · all times are UTC</footer>
      </body>
    </html>
  )
}

function Navigation({ page: { navigation, path, signedIn } }: { readonly page: PageContext }) {
  if (navigation.length === 0 && !signedIn) return null
  return (
    <nav aria-label="Pages">
      <ul class="pages">
        {navigation.map(({ href, label }) => (
          <li>
            <a href={href} aria-current={href === path ? 'page' : undefined}>
              {label}
            </a>
          </li>
        ))}
        {signedIn && (
          <li>
            <form method="post" action="/logout">
              <button type="submit" class="plain">
                Sign out
              </button>
            </form>
          </li>
        )}
      </ul>
    </nav>
  )
}

/**
 * The whole document as text.
 *
 * @throws TypeError when a component waits for something: views hold all data before a page is made
 */
export function renderPage(page: { toString(): unknown }): string {
  const html = page.toString()
  if (typeof html !== 'string') throw new TypeError('a page has to render at once, and a component of it is async')
  return `<!doctype html>${html}`
}
