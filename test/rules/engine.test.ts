import { expect, test } from 'vitest'
import { runUnitTestFile } from '../../src/rule/unit-test/run.ts'
import { caseFiles, root } from './shipped.ts'

// The same cases as beside promtool, with midwatch's own rules and expressions: its windows are those of Prometheus 3.
test.each(caseFiles)('the alerts of %s fire when they should, and only then', { timeout: 60_000 }, async (file) => {
  const { problems, tests } = await runUnitTestFile(`${root}${file}`)
  expect(problems).toEqual([])
  expect(tests.length).toBeGreaterThan(0)
  for (const { name, failures } of tests) expect(failures, name).toEqual([])
})
