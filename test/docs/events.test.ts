import { expect, test } from 'vitest'
import { EVENT_TYPES } from '../../src/notify/event.ts'
import { readPage } from '../support/markdown.ts'

const page = readPage('docs/how-to/events.md')

/** The names in backquotes in the first cells of the table below a heading. */
function typesBelow(heading: string): readonly string[] {
  const text = page.slice(page.indexOf(heading)).split('\n## ')[0] ?? ''
  const cells = [...text.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]*)`/g)].map(([, name = '']) => name.replace(/^midwatch\./, '')),
  )
}

test.each(['# Tell other systems', '## What is in `data`'])(
  '%s of docs/how-to/events.md has every type, and no other',
  (heading) => {
    expect(typesBelow(heading).toSorted()).toEqual([...EVENT_TYPES].sort())
  },
)
