import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { anchor } from '../../scripts/docs/page.ts'
import { pages, readPage } from '../support/markdown.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Texts of code are no links. */
function prose(page: string): string {
  return readPage(page)
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '')
}

function anchorsOf(page: string): readonly string[] {
  const text = readPage(page).replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading))
}

test.each(pages())('every link of %s leads somewhere', (page) => {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  const broken = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path = '', fragment] = target.split('#')
    const file = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(ROOT, file))) return true
    return fragment !== undefined && !anchorsOf(file).includes(fragment)
  })
  expect(broken).toEqual([])
})
