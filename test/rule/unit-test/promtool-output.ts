import { formatFloat } from '../../../src/lib/go-format.ts'
import { quoteGo } from '../../../src/lib/go-quote.ts'
import { formatDuration } from '../../../src/model/duration.ts'
import { compareText } from '../../../src/model/labels.ts'
import type { TestFailure, UnitTestReport } from '../../../src/rule/unit-test/report.ts'

/** What a run found, in words that both programs can be brought to. */
export interface Verdict {
  readonly failed: boolean
  /** `alert A 2m`, `expr x 1m`, `rule r`: what failed, in order. */
  readonly what: readonly string[]
  /** What there was instead, by what failed. */
  readonly got: Readonly<Record<string, string>>
}

const ALERT = /^ {4}alertname: (.*), time: (\S+), $/
const EXPR = /^ {4}expr: ("(?:[^"\\]|\\.)*"), time: ([^,]+),( err: .*)?$/
const RULE = /^ {4}rule: (.*), time: (\S+), err: /

/** Reads what promtool wrote to both its streams. */
export function promtoolVerdict(code: number | null, output: string): Verdict {
  const what: string[] = []
  const got: Record<string, string> = {}
  let current = ''
  let lines: string[] | undefined
  for (const line of output.split('\n')) {
    const found = failureOf(line)
    if (found !== undefined) {
      what.push(found)
      current = found
      lines = undefined
    } else if (/^ {8}got: ?/.test(line)) {
      lines = [line.replace(/^ {8}got: ?/, '')]
      got[current] = plainGot(lines.join('\n'))
    } else if (lines !== undefined && line.startsWith('     ')) {
      lines.push(line)
      got[current] = plainGot(lines.join('\n'))
    } else lines = undefined
  }
  return { failed: code !== 0, what: what.sort(compareText), got }
}

function failureOf(line: string): string | undefined {
  const alert = ALERT.exec(line)
  if (alert !== null) return `alert ${alert[1]} ${alert[2]}`
  const expr = EXPR.exec(line)
  if (expr !== null) return `expr ${JSON.parse(expr[1] as string)} ${expr[2]}`
  const rule = RULE.exec(line)
  return rule === null ? undefined : `rule ${rule[1]}`
}

/** Alerts without the numbers and spaces around them; values of samples to as many digits as sums can be compared by. */
function plainGot(text: string): string {
  if (text.startsWith('[')) {
    const alerts = [...text.matchAll(/Labels:(.*)\n\s*Annotations:(.*\}),?/g)].map(([, labels, annotations]) => {
      return `${labels} ${annotations}`
    })
    return alerts.sort(compareText).join('\n')
  }
  if (text.trim() === 'nil') return ''
  return text.trim().replace(/(\} )(\S+?)(?=, \{|$)/g, (_, head: string, value: string) => `${head}${rounded(value)}`)
}

function rounded(value: string): string {
  if (value === 'NaN') return value
  return formatFloat(Number(Number(value.replace('Inf', 'Infinity')).toPrecision(12)), 'E', -1)
}

/** The same of our own report. */
export function ownVerdict(report: UnitTestReport): Verdict {
  const failures = report.tests.flatMap(({ failures }) => failures)
  const isBroken = report.problems.some(({ severity }) => severity === 'error')
  const what = failures.map(nameOf).filter((name) => name !== undefined)
  const got: Record<string, string> = {}
  for (const failure of failures) {
    const name = nameOf(failure)
    const text = gotOf(failure)
    if (name !== undefined && text !== undefined) got[name] = text
  }
  return { failed: isBroken || failures.length > 0, what: what.sort(compareText), got }
}

function nameOf(failure: TestFailure): string | undefined {
  switch (failure.kind) {
    case 'alerts':
      return `alert ${failure.alertName} ${formatDuration(failure.atMs)}`
    case 'samples':
    case 'expression':
      return `expr ${failure.expr} ${formatDuration(failure.atMs)}`
    case 'rule':
      return `rule ${failure.rule}`
    case 'problem':
      // promtool has no place for it, or another one.
      return undefined
  }
}

function gotOf(failure: TestFailure): string | undefined {
  switch (failure.kind) {
    case 'alerts':
      return failure.got
        .map(({ labels, annotations }) => `${goLabels(labels)} ${goLabels(annotations)}`)
        .sort(compareText)
        .join('\n')
    case 'samples':
      return failure.got
        .map(({ labels, value }) => `${goLabels(labels.toObject())} ${rounded(formatFloat(value, 'g', -1))}`)
        .join(', ')
    case 'expression':
    case 'rule':
    case 'problem':
      return undefined
  }
}

function goLabels(labels: Readonly<Record<string, string>>): string {
  const inner = Object.entries(labels)
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, value]) => `${name}=${quoteGo(value)}`)
  return `{${inner.join(', ')}}`
}
