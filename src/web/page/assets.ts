import { createHash } from 'node:crypto'

/** Where the layout finds what it needs beside its own text. */
export interface PageAssets {
  readonly css: string
  readonly icon: string
}

/** One file under `/assets/`. */
export interface ServedAsset {
  readonly body: string
  readonly contentType: string
}

const FILES = { css: 'midwatch.css', icon: 'midwatch.svg' } as const

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
}

/**
 * Gives every asset of the pages an address that names its content: `/assets/midwatch-1a2b3c4d5e.css`.
 *
 * @param read the text of a file in `src/web/static/`, by file name
 * @returns the addresses for the layout, and by address what to answer with (see `assetHeaders`)
 */
export function addressAssets(read: (file: string) => string): {
  readonly assets: PageAssets
  readonly served: ReadonlyMap<string, ServedAsset>
} {
  const served = new Map<string, ServedAsset>()
  const address = (file: string): string => {
    const body = read(file)
    const [stem = '', extension = ''] = file.split('.')
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 10)
    const path = `/assets/${stem}-${hash}.${extension}`
    served.set(path, { body, contentType: CONTENT_TYPES[extension] ?? 'application/octet-stream' })
    return path
  }
  return { assets: { css: address(FILES.css), icon: address(FILES.icon) }, served }
}
