import { formatFloat } from '../lib/go-format.ts'
import { formatDuration } from '../model/duration.ts'
import { hasFailed, type ResultSample, type TestFailure, type UnitTestReport } from '../rule/unit-test/report.ts'

/** How the tests of a file went, for programs. Values are texts, since JSON has no NaN. */
export function unitTestJson(report: UnitTestReport) {
  const { file, problems, tests } = report
  return {
    file,
    ok: !hasFailed(report),
    problems,
    tests: tests.map(({ name, line, seconds, failures }) => ({
      name,
      line,
      ok: failures.length === 0,
      seconds,
      failures: failures.map(failureJson),
    })),
  }
}

function failureJson(failure: TestFailure) {
  if (failure.kind === 'problem') return failure
  const { atMs, ...rest } = failure
  const time = formatDuration(atMs)
  if (rest.kind !== 'samples') return { ...rest, time }
  return { ...rest, time, expected: rest.expected.map(sampleJson), got: rest.got.map(sampleJson) }
}

function sampleJson({ labels, value }: ResultSample) {
  return { labels: labels.toObject(), value: formatFloat(value, 'g', -1) }
}
