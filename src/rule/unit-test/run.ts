import { globSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { FieldReaderOptions } from '../../model/field-reader.ts'
import type { Problem } from '../../model/problem.ts'
import type { RuleGroup } from '../../model/rule.ts'
import { groupKey } from '../group-state.ts'
import { readRuleFile } from '../load.ts'
import { readUnitTests } from './read.ts'
import type { TestReport, UnitTestReport } from './report.ts'
import { runUnitTest } from './run-test.ts'
import type { UnitTestFile } from './unit-test.ts'

interface RunOptions extends FieldReaderOptions {
  /** Whether a test of this name is to be run; all of them unless told. */
  readonly isWanted?: (name: string) => boolean
}

/** Runs the unit tests of one file on the rule files that it names. */
export async function runUnitTestFile(file: string, options: RunOptions = {}): Promise<UnitTestReport> {
  const { isWanted = () => true } = options
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return {
      file,
      problems: [{ file, message: `can't be read: ${(error as Error).message}`, severity: 'error' }],
      tests: [],
    }
  }
  const { tests, problems } = readUnitTests(text, file, options)
  if (problems.some(({ severity }) => severity === 'error')) return { file, problems, tests: [] }
  const loaded = loadRuleFiles(tests, options)
  const remarks = [...problems, ...loaded.remarks, ...orderRemarks(tests, loaded.groups)]
  const reports: TestReport[] = []
  for (const [i, test] of tests.tests.entries()) {
    if (!isWanted(test.name)) continue
    const startMs = performance.now()
    const wrong = [...test.problems, ...loaded.errors]
    const failures =
      wrong.length > 0
        ? wrong.map((problem) => ({ kind: 'problem' as const, problem }))
        : await runUnitTest(test, loaded.groups, tests)
    const seconds = (performance.now() - startMs) / 1000
    reports.push({ name: test.name === '' ? `unnamed#${i}` : test.name, line: test.line, seconds, failures })
  }
  return { file, problems: remarks, tests: reports }
}

interface LoadedRuleFiles {
  /** In the order of their evaluation. */
  readonly groups: readonly RuleGroup[]
  /** Nothing can be tested with these. */
  readonly errors: readonly Problem[]
  readonly remarks: readonly Problem[]
}

function loadRuleFiles(tests: UnitTestFile, options: FieldReaderOptions): LoadedRuleFiles {
  const { file, ruleFiles, groupOrder } = tests
  const groups = new Map<string, RuleGroup>()
  const problems: Problem[] = []
  const paths = new Set<string>()
  for (const { pattern, line } of ruleFiles) {
    const found = pattern === '' ? [] : globSync(pattern, { cwd: dirname(file) }).sort()
    if (found.length === 0) {
      const message = `"${pattern}" matches no file in ${dirname(file)}`
      problems.push({ file, line, field: 'rule_files', message, severity: 'warning' })
    }
    for (const name of found) paths.add(isAbsolute(name) ? name : join(dirname(file), name))
  }
  for (const path of paths) {
    try {
      const read = readRuleFile(readFileSync(path, 'utf8'), path, options)
      problems.push(...read.problems)
      for (const group of read.groups) groups.set(groupKey(group), group)
    } catch (error) {
      problems.push({ file: path, message: `can't be read: ${(error as Error).message}`, severity: 'error' })
    }
  }
  const isError = ({ severity }: Problem) => severity === 'error'
  return {
    groups: ordered([...groups.values()], groupOrder),
    errors: problems.filter(isError),
    remarks: problems.filter((problem) => !isError(problem)),
  }
}

/** Where Prometheus leaves the order open, it is that of the files. */
function ordered(groups: readonly RuleGroup[], order: readonly string[]): RuleGroup[] {
  const rank = ({ name }: RuleGroup) => Math.max(order.indexOf(name), 0)
  return groups.toSorted((a, b) => rank(a) - rank(b))
}

function orderRemarks({ file, groupOrder }: UnitTestFile, groups: readonly RuleGroup[]): Problem[] {
  const known = new Set(groups.map(({ name }) => name))
  return groupOrder
    .filter((name) => !known.has(name))
    .map((name) => ({
      file,
      field: 'group_eval_order',
      message: `there is no group "${name}" in the rule files`,
      severity: 'warning' as const,
    }))
}
