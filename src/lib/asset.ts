import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getAsset, getRawAsset, isSea } from 'node:sea'

/**
 * Files that travel with the program: migrations, shipped rules, runbooks, style sheets, the writer's code. This is the only
 * place that knows where they are: beside the sources, beside the bundle, or inside the single executable.
 */
const inBundle = process.env.MIDWATCH_BUNDLED === 'yes'

const folder = isSea() ? '' : inBundle ? join(import.meta.dirname, 'assets') : join(import.meta.dirname, '..', '..')

/** Where assets lie in the source tree, when not under their own name. */
const SOURCE_FOLDERS: Readonly<Record<string, string>> = { static: 'src/web/static', runbooks: 'docs/runbooks' }

function pathOf(name: string): string {
  if (inBundle) return join(folder, name)
  const [first = '', ...rest] = name.split('/')
  return join(folder, SOURCE_FOLDERS[first] ?? first, ...rest)
}

/** @throws Error when no asset has this name */
export function readAsset(name: string): string {
  return isSea() ? getAsset(name, 'utf8') : readFileSync(pathOf(name), 'utf8')
}

/** @throws Error when no asset has this name */
export function readAssetBytes(name: string): Uint8Array {
  return isSea() ? new Uint8Array(getRawAsset(name) as ArrayBuffer) : readFileSync(pathOf(name))
}

export function hasAsset(name: string): boolean {
  return isSea() ? manifest().includes(name) : existsSync(pathOf(name))
}

/** Names of the assets of one kind, sorted: `listAssets('rules')` gives `rules/checks.yml`, … */
export function listAssets(kind: string): readonly string[] {
  const names = isSea()
    ? manifest().filter((name) => name.startsWith(`${kind}/`))
    : existsSync(pathOf(kind))
      ? readdirSync(pathOf(kind)).map((file) => `${kind}/${file}`)
      : []
  return names.toSorted()
}

/** A single executable can't list its assets, so the build writes their names down. */
function manifest(): readonly string[] {
  return JSON.parse(getAsset('manifest.json', 'utf8')) as string[]
}
