import { formatFloat } from '../lib/go-format.ts'
import { formatDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import { formatProblem } from '../model/problem.ts'
import { alertKey } from '../rule/unit-test/compare.ts'
import { hasFailed, type ResultSample, type TestFailure, type UnitTestReport } from '../rule/unit-test/report.ts'
import type { FiringAlert } from '../rule/unit-test/unit-test.ts'

/** How the tests of a file went, for people; lines with `-` are what was expected, those with `+` what there is. */
export function unitTestText(report: UnitTestReport): string {
  const { file, problems, tests } = report
  const failed = tests.filter(({ failures }) => failures.length > 0)
  const lines = [
    `${file}: ${summary(report, failed.length)}`,
    ...problems.map((problem) => `  ${formatProblem(problem)}`),
  ]
  for (const { name, line, failures } of failed) {
    lines.push(
      '',
      `  ${name} (${file}:${line})`,
      ...failures.flatMap((failure) => indented(failureLines(failure, file), 4)),
    )
  }
  if (hasFailed(report)) lines.push('')
  return lines.map((line) => `${line}\n`).join('')
}

function summary({ problems, tests }: UnitTestReport, failed: number): string {
  const count = tests.length === 1 ? '1 test' : `${tests.length} tests`
  if (problems.some(({ severity }) => severity === 'error')) return 'nothing was tested'
  return failed === 0 ? `${count}, all fine` : `${failed} of ${count} failed`
}

/** One thing that is not as it should be; the first line says what and where. */
export function failureLines(failure: TestFailure, file: string): string[] {
  switch (failure.kind) {
    case 'problem':
      return [formatProblem(failure.problem)]
    case 'rule': {
      const { atMs, rule, group, message } = failure
      return [`${failure.file}: the rule ${rule} of the group ${group} fails at ${formatDuration(atMs)}: ${message}`]
    }
    case 'expression': {
      const { line, atMs, expr, message } = failure
      return [`${file}:${line}: ${expr} at ${formatDuration(atMs)}: ${message}`]
    }
    case 'alerts': {
      const { line, atMs, alertName, expected, got } = failure
      const head = `${file}:${line}: ${alertName} at ${formatDuration(atMs)} fires otherwise than expected (- expected, + fires)`
      return [head, ...indented(alertDifference(expected, got), 2)]
    }
    case 'samples': {
      const { line, atMs, expr, expected, got } = failure
      const head = `${file}:${line}: ${expr} at ${formatDuration(atMs)} gives something else than expected (- expected, + is)`
      return [head, ...indented(sampleDifference(expected, got), 2)]
    }
  }
}

function alertDifference(expected: readonly FiringAlert[], got: readonly FiringAlert[]): string[] {
  const { missing, surplus } = difference(expected, got, alertKey)
  const lines: string[] = []
  for (const alert of missing) {
    const twin = takeFirst(surplus, (one) => labelsText(one) === labelsText(alert))
    if (twin === undefined) lines.push(`- ${labelsText(alert)}`, ...annotationLines('-', alert))
    else lines.push(`  ${labelsText(alert)}`, ...annotationDifference(alert, twin))
  }
  for (const alert of surplus) lines.push(`+ ${labelsText(alert)}`, ...annotationLines('+', alert))
  return lines
}

function labelsText({ labels }: FiringAlert): string {
  // An expected label that is empty is in no set of labels, and shows all the same.
  const empty = Object.keys(labels).filter((name) => labels[name] === '')
  return `${Labels.of(labels)}${empty.map((name) => ` and ${name}=""`).join('')}`
}

function annotationLines(sign: string, { annotations }: FiringAlert): string[] {
  return Object.entries(annotations).map(([name, text]) => `${sign}     ${name}: ${JSON.stringify(text)}`)
}

function annotationDifference(expected: FiringAlert, got: FiringAlert): string[] {
  const names = new Set([...Object.keys(expected.annotations), ...Object.keys(got.annotations)])
  return [...names].flatMap((name) => {
    const [before, after] = [expected.annotations[name], got.annotations[name]]
    if (before === after) return []
    const line = (sign: string, text: string | undefined) =>
      text === undefined ? [] : [`${sign}     ${name}: ${JSON.stringify(text)}`]
    return [...line('-', before), ...line('+', after)]
  })
}

function sampleDifference(expected: readonly ResultSample[], got: readonly ResultSample[]): string[] {
  const { missing, surplus } = difference(expected, got, sampleText)
  const lines: string[] = []
  for (const sample of missing) {
    lines.push(`- ${sampleText(sample)}`)
    const twin = takeFirst(surplus, ({ labels }) => labels.key === sample.labels.key)
    if (twin !== undefined) lines.push(`+ ${sampleText(twin)}`)
  }
  return [...lines, ...surplus.map((sample) => `+ ${sampleText(sample)}`)]
}

function sampleText({ labels, value }: ResultSample): string {
  return `${labels} ${formatFloat(value, 'g', -1)}`
}

/** What one list has and the other has not, counting each as often as it is there. */
function difference<Item>(expected: readonly Item[], got: readonly Item[], keyOf: (item: Item) => string) {
  const surplus = [...got]
  const missing = expected.filter((item) => takeFirst(surplus, (one) => keyOf(one) === keyOf(item)) === undefined)
  // NaN is the same text as NaN and yet equals nothing: it is both missing and too much.
  return missing.length + surplus.length > 0 ? { missing, surplus } : { missing: expected, surplus: [...got] }
}

function takeFirst<Item>(items: Item[], isWanted: (item: Item) => boolean): Item | undefined {
  const at = items.findIndex(isWanted)
  return at === -1 ? undefined : items.splice(at, 1)[0]
}

function indented(lines: readonly string[], spaces: number): string[] {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`)
}
