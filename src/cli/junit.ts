import { formatProblem } from '../model/problem.ts'
import type { TestReport, UnitTestReport } from '../rule/unit-test/report.ts'
import { failureLines } from './unit-test-text.ts'

/** The reports as JUnit's XML, which build servers show: a suite a file, a case a test. */
export function junitXml(reports: readonly UnitTestReport[]): string {
  const suites = reports.map(suiteXml)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`
}

function suiteXml({ file, problems, tests }: UnitTestReport): string {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const failed = tests.filter(({ failures }) => failures.length > 0).length
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0)
  const numbers = `tests="${tests.length}" failures="${failed}" errors="${errors.length}" time="${seconds.toFixed(3)}"`
  // A file that can't be read has no tests, and must not look like one whose tests are fine.
  const broken = errors.map((problem) => {
    const text = formatProblem(problem)
    return `    <testcase name="${escaped(file)}" classname="${escaped(file)}">\n      <error message="${escaped(text)}"/>\n    </testcase>\n`
  })
  const cases = tests.map((test) => caseXml(test, file))
  return `  <testsuite name="${escaped(file)}" ${numbers}>\n${[...broken, ...cases].join('')}  </testsuite>\n`
}

function caseXml({ name, seconds, failures }: TestReport, file: string): string {
  const head = `    <testcase name="${escaped(name)}" classname="${escaped(file)}" time="${seconds.toFixed(3)}"`
  if (failures.length === 0) return `${head}/>\n`
  const elements = failures.map((failure) => {
    const [message = '', ...rest] = failureLines(failure, file)
    return `      <failure message="${escaped(message)}">${escaped([message, ...rest].join('\n'))}</failure>\n`
  })
  return `${head}>\n${elements.join('')}    </testcase>\n`
}

/** Characters that XML can't hold become the sign for what is not known. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

function escaped(text: string): string {
  return text
    .replace(FORBIDDEN, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
}
