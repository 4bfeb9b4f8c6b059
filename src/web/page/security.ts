/**
 * What every page is sent with. Nothing loads that is not named here: no script, no inline style, no frame, no other
 * origin. A page that gets a script of ours widens `script-src` and `connect-src` to `'self'`, never more.
 *
 * The referrer policy is `same-origin` and not `no-referrer`: with the latter, browsers send `Origin: null` with our own
 * forms, and the check of Origin that guards them could not tell them from foreign ones.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Cache-Control': 'no-store',
  'Content-Type': 'text/html; charset=utf-8',
}

/** What an asset is sent with, beside its Content-Type; its name holds a hash of its content, so it never changes. */
export const assetHeaders: Readonly<Record<string, string>> = {
  // An SVG opened by itself is a document, and gets no more rights than a page.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'public, max-age=31536000, immutable',
}
