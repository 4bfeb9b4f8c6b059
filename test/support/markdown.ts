import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  /** `yaml`, `sh`, … */
  readonly language: string
  readonly text: string
  /** Where it stands, `docs/how-to/notify.md:12`. */
  readonly place: string
}

/** Every page for people, by its path in the project. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  return [...top, ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)].sort()
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** The blocks of a page between lines of three backticks, from the top down. */
export function blocksOf(page: string): readonly Block[] {
  const text = readPage(page)
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: inner = '', index }) => ({
    language,
    text: inner,
    place: `${page}:${text.slice(0, index).split('\n').length}`,
  }))
}
