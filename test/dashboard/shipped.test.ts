import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { files } from '../../scripts/dashboards/files.ts'
import { limitsOf } from '../../src/dashboard/build.ts'
import { boards } from '../../src/dashboard/registry.ts'
import { alerts, root } from '../rules/shipped.ts'
import { faultsOf } from './faults.ts'
import { constantsOf } from './rule-limits.ts'
import { FOLDER, shipped, surroundings } from './shipped-dashboards.ts'

describe('the files in dashboards/', () => {
  test.each(files(root))('$file is what npm run dashboards writes', ({ file, text }) => {
    expect(readFileSync(`${root}${file}`, 'utf8')).toBe(text())
  })

  test('are no others', () => {
    const written = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
    expect(written.map((name) => `dashboards/${name}`).sort()).toEqual(
      files(root)
        .map(({ file }) => file)
        .sort(),
    )
  })

  test.each([...shipped.keys()])('%s keeps every rule for dashboards', (file) => {
    expect(faultsOf(shipped.get(file) ?? {}, surroundings)).toEqual([])
  })
})

test.each(Object.entries(boards))('limits of %s that name an alert are those of the shipped rule', (_, board) => {
  for (const { panel, at, alert } of limitsOf(board)) {
    if (alert === undefined) continue
    const limits = alerts.filter(({ name }) => name === alert).flatMap(({ expr }) => constantsOf(expr))
    expect({ panel, alert, limits }).toEqual({ panel, alert, limits: expect.arrayContaining([at]) })
  }
})
