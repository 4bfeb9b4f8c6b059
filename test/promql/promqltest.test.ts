import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Failure, runTestFile } from './promqltest.ts'

const folder = resolve(process.env.PROMQLTEST_DIR ?? join(import.meta.dirname, '../../../shared/promqltest'))

if (existsSync(folder)) {
  describe('evaluations in the test language of Prometheus', () => {
    const failures: Failure[] = []
    let passed = 0
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
      test(`${file} gives what it expects`, async () => {
        const report = await runTestFile(file, readFileSync(join(folder, file), 'utf8'))
        passed += report.passed
        failures.push(...report.failures)
        for (const failure of report.failures) {
          console.log(`${failure.file}:${failure.line}: ${failure.expression}\n  ${failure.message}`)
        }
        expect(report.failures).toEqual([])
      })
    }
    test('and no evaluation at all is skipped', () => {
      console.log(`${passed} passed, ${failures.length} failed`)
      expect(passed + failures.length).toBeGreaterThan(0)
    })
  })
} else {
  describe.skip(`evaluations in the test language of Prometheus: no folder of *.test files, set PROMQLTEST_DIR`, () => {
    test('are run', () => {})
  })
}
