import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../rule/unit-test/folder.ts'
import { midwatch } from '../support/cli.ts'
import { blocksOf } from '../support/markdown.ts'

const blocks = blocksOf('docs/how-to/test-rules.md')
const [fine = '', failed = ''] = blocks.filter(({ language }) => language === 'text').map(({ text }) => text)

/** The files of the page, in a folder; `change` is made to each of them. */
function written(change: (text: string) => string) {
  const folder = folderWith({})
  for (const { language, text } of blocks) {
    const name = /^# (\S+\.yml)$/m.exec(text)?.[1]
    if (language !== 'yaml' || name === undefined) continue
    mkdirSync(dirname(join(folder.path, name)), { recursive: true })
    writeFileSync(join(folder.path, name), change(text))
  }
  return folder
}

async function outcome(path: string) {
  const { out, code } = await midwatch(['test', 'rules', join(path, 'tests/shop.test.yml')])
  return { out: out.replaceAll(`${path}/`, '').trimEnd(), code }
}

test('what docs/how-to/test-rules.md tells is what happens', async () => {
  using folder = written((text) => text)
  expect(await outcome(folder.path)).toEqual({ out: fine.trimEnd(), code: 0 })
})

test('and a rule that waits less fails as the page shows', async () => {
  using folder = written((text) => text.replace('for: 15m', 'for: 14m'))
  expect(await outcome(folder.path)).toEqual({ out: failed.trimEnd(), code: 1 })
})
