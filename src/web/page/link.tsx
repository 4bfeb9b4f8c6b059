import type { Child } from 'hono/jsx'
import { Given } from './text.tsx'

/** Any name that can't be a host of the reader's: what resolves to it was a path of our own. */
const OWN = 'http://own.invalid'

const SHIPPED_RUNBOOK = /^(?:docs\/runbooks\/)([a-z0-9-]+)\.md$/

/**
 * An address that somebody else wrote, if a link may go there: `http:`, `https:` (without a user name in it), a path of
 * our own, or the file name of a shipped runbook, which becomes its page. Everything else (`javascript:`, `data:`,
 * `//elsewhere`) is no link.
 */
export function safeHref(text: string): string | undefined {
  const runbook = SHIPPED_RUNBOOK.exec(text)
  if (runbook !== null) return `/docs/runbooks/${runbook[1]}`
  const isAbsolute = /^https?:\/\//i.test(text)
  if (!isAbsolute && !text.startsWith('/')) return undefined
  if (!URL.canParse(text, OWN)) return undefined
  const url = new URL(text, OWN)
  if (url.username !== '' || url.password !== '') return undefined
  if (isAbsolute) return url.href
  // A browser drops tabs and takes \ for /: what looks like a path may be another host. The parser says what it is.
  return url.origin === OWN && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}${url.hash}` : undefined
}

export function checkPath(name: string): string {
  return `/checks/${encodeURIComponent(name.toWellFormed())}`
}

export function alertPath(fingerprint: string): string {
  return `/alerts/${encodeURIComponent(fingerprint.toWellFormed())}`
}

export function tracePath(traceId: string): string {
  return `/traces/${encodeURIComponent(traceId.toWellFormed())}`
}

/** A link to an address from outside, or its text alone where a link is not safe. */
export function GivenLink({ href, children }: { readonly href: string; readonly children?: Child }) {
  const safe = safeHref(href)
  if (safe === undefined) return <Given text={href} />
  const rel = safe.startsWith('/') ? undefined : 'noreferrer'
  return (
    <a href={safe} rel={rel}>
      {children ?? <Given text={href} />}
    </a>
  )
}
