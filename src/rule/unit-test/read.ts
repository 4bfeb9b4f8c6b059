import { readYaml, type YamlNode } from '../../lib/yaml.ts'
import { FieldReader, type FieldReaderOptions, type Path } from '../../model/field-reader.ts'
import { Labels } from '../../model/labels.ts'
import type { Problem } from '../../model/problem.ts'
import { readNumber, readTimestamp } from '../yaml-scalar.ts'
import { NotationError, parseLabels, parseSeriesLine, parseSeriesValues, type SeriesLine } from './series-notation.ts'
import type { AlertExpectation, ExpectedSample, ExpressionExpectation, UnitTest, UnitTestFile } from './unit-test.ts'

const FILE_KEYS = ['rule_files', 'evaluation_interval', 'group_eval_order', 'fuzzy_compare', 'tests']
const TEST_KEYS = [
  'name',
  'interval',
  'start_timestamp',
  'input_series',
  'alert_rule_test',
  'promql_expr_test',
  'external_labels',
  'external_url',
]
const ALERT_KEYS = ['eval_time', 'alertname', 'exp_alerts']
const EXPECTED_ALERT_KEYS = ['exp_labels', 'exp_annotations']
const EXPRESSION_KEYS = ['expr', 'eval_time', 'exp_samples']
const SAMPLE_KEYS = ['labels', 'value', 'histogram']

const DEFAULT_INTERVAL_MS = 60_000
const NO_HISTOGRAMS = 'is a native histogram, which midwatch does not have; write the buckets as series with le'

/** What a file of unit tests holds; with any error among the problems its tests must not be run. */
export interface ReadUnitTests {
  readonly tests: UnitTestFile
  readonly problems: readonly Problem[]
}

/**
 * Reads unit tests in the format of promtool. Never throws.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
 */
export function readUnitTests(text: string, file: string, options?: FieldReaderOptions): ReadUnitTests {
  const { root, problems } = readYaml(text, file)
  if (root === undefined) return { tests: emptyFile(file), problems }
  const reader = new Reader(root, file, options)
  const tests = reader.file()
  return { tests, problems: [...problems, ...reader.problems] }
}

function emptyFile(file: string): UnitTestFile {
  return {
    file,
    ruleFiles: [],
    evaluationIntervalMs: DEFAULT_INTERVAL_MS,
    groupOrder: [],
    fuzzyCompare: false,
    tests: [],
  }
}

class Reader extends FieldReader {
  readonly #root: YamlNode
  readonly #name: string

  constructor(root: YamlNode, file: string, options?: FieldReaderOptions) {
    super(root, file, options)
    this.#root = root
    this.#name = file
  }

  file(): UnitTestFile {
    const fields = this.map(this.#root, [], FILE_KEYS)
    const evaluationIntervalMs = this.#interval(fields, ['evaluation_interval'], DEFAULT_INTERVAL_MS)
    return {
      file: this.#name,
      ruleFiles: this.list(fields?.get('rule_files'), ['rule_files']).map((node, i) => ({
        pattern: this.text(node, ['rule_files', i]) ?? '',
        line: this.lineOf(['rule_files', i]),
      })),
      evaluationIntervalMs,
      groupOrder: this.#groupOrder(fields?.get('group_eval_order')),
      fuzzyCompare: this.#boolean(fields?.get('fuzzy_compare'), ['fuzzy_compare']),
      tests: this.list(fields?.get('tests'), ['tests']).map((node, i) =>
        this.#test(node, ['tests', i], evaluationIntervalMs),
      ),
    }
  }

  #groupOrder(node: YamlNode | undefined): string[] {
    const names = this.list(node, ['group_eval_order']).map((each, i) => this.text(each, ['group_eval_order', i]) ?? '')
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) === i) continue
      this.problem(['group_eval_order', i], `group name repeated in evaluation order: ${name}`)
    }
    return names
  }

  #test(node: YamlNode, path: Path, evaluationIntervalMs: number): UnitTest {
    const fields = this.map(node, path, TEST_KEYS)
    const own = new OwnProblems(this)
    return {
      name: this.text(fields?.get('name'), [...path, 'name']) ?? '',
      line: this.lineOf(path),
      intervalMs: this.#interval(fields, [...path, 'interval'], evaluationIntervalMs),
      startMs: this.#timestamp(fields?.get('start_timestamp'), [...path, 'start_timestamp']),
      externalLabels: Labels.of(this.texts(fields?.get('external_labels'), [...path, 'external_labels'])),
      externalUrl: this.text(fields?.get('external_url'), [...path, 'external_url']) ?? '',
      input: this.list(fields?.get('input_series'), [...path, 'input_series']).flatMap((each, i) =>
        this.#series(each, [...path, 'input_series', i], own),
      ),
      alerts: this.list(fields?.get('alert_rule_test'), [...path, 'alert_rule_test']).map((each, i) =>
        this.#alert(each, [...path, 'alert_rule_test', i], own),
      ),
      expressions: this.list(fields?.get('promql_expr_test'), [...path, 'promql_expr_test']).map((each, i) =>
        this.#expression(each, [...path, 'promql_expr_test', i], own),
      ),
      problems: own.list,
    }
  }

  #series(node: YamlNode, path: Path, own: OwnProblems): SeriesLine[] {
    const fields = this.map(node, path, ['series', 'values'])
    const series = this.text(fields?.get('series'), [...path, 'series']) ?? ''
    const values = this.text(fields?.get('values'), [...path, 'values']) ?? ''
    const line = own.read([...path, 'series'], () => parseSeriesLine(series.trim()))
    const read = own.read([...path, 'values'], () => parseSeriesValues(values))
    const histogram = read?.find(({ kind }) => kind === 'histogram')
    if (histogram?.kind === 'histogram') own.add([...path, 'values'], `${histogram.text} ${NO_HISTOGRAMS}`)
    return line === undefined ? [] : [{ labels: line.labels, values: [...line.values, ...(read ?? [])] }]
  }

  #alert(node: YamlNode, path: Path, own: OwnProblems): AlertExpectation {
    const fields = this.map(node, path, ALERT_KEYS)
    const alertName = this.text(fields?.get('alertname'), [...path, 'alertname']) ?? ''
    if (alertName === '') own.add(path, 'names no alert; write alertname: and the name of an alerting rule')
    return {
      line: this.lineOf(path),
      atMs: this.duration(fields?.get('eval_time'), [...path, 'eval_time']) ?? 0,
      alertName,
      alerts: this.list(fields?.get('exp_alerts'), [...path, 'exp_alerts']).map((each, i) => {
        const at = [...path, 'exp_alerts', i]
        const expected = this.map(each, at, EXPECTED_ALERT_KEYS)
        const labels = this.texts(expected?.get('exp_labels'), [...at, 'exp_labels'])
        const annotations = this.texts(expected?.get('exp_annotations'), [...at, 'exp_annotations'])
        return { labels: { ...labels, alertname: alertName }, annotations }
      }),
    }
  }

  #expression(node: YamlNode, path: Path, own: OwnProblems): ExpressionExpectation {
    const fields = this.map(node, path, EXPRESSION_KEYS)
    return {
      line: this.lineOf(path),
      atMs: this.duration(fields?.get('eval_time'), [...path, 'eval_time']) ?? 0,
      expr: this.text(fields?.get('expr'), [...path, 'expr']) ?? '',
      samples: this.list(fields?.get('exp_samples'), [...path, 'exp_samples']).map((each, i) =>
        this.#sample(each, [...path, 'exp_samples', i], own),
      ),
    }
  }

  #sample(node: YamlNode, path: Path, own: OwnProblems): ExpectedSample {
    const fields = this.map(node, path, SAMPLE_KEYS)
    const text = this.text(fields?.get('labels'), [...path, 'labels']) ?? ''
    const labels = text === '' ? Labels.empty : own.read([...path, 'labels'], () => parseLabels(text))
    if ((this.text(fields?.get('histogram'), [...path, 'histogram']) ?? '') !== '') {
      own.add([...path, 'histogram'], NO_HISTOGRAMS)
    }
    const value = fields?.get('value')
    const number = value === undefined ? 0 : readNumber(value)
    if (number === undefined) {
      this.problem([...path, 'value'], 'is not a number; write it without quotes, or .inf, -.inf or .nan')
    }
    return { labels: labels ?? Labels.empty, value: number ?? Number.NaN }
  }

  #interval(fields: ReadonlyMap<string, YamlNode> | undefined, path: Path, fallbackMs: number): number {
    const ms = this.duration(fields?.get(String(path.at(-1))), path)
    return ms === undefined || ms === 0 ? fallbackMs : ms
  }

  #boolean(node: YamlNode | undefined, path: Path): boolean {
    const text = this.text(node, path)?.toLowerCase() ?? ''
    if (['', 'false', 'no', 'off', 'n'].includes(text)) return false
    if (['true', 'yes', 'on', 'y'].includes(text)) return true
    this.problem(path, 'has to be true or false')
    return false
  }

  #timestamp(node: YamlNode | undefined, path: Path): number {
    const text = this.text(node, path)
    if (text === undefined || text === '') return 0
    const ms = readTimestamp(text)
    if (ms === undefined) this.problem(path, `"${text}" is not a time; write Unix seconds or 2024-01-01T00:00:00Z`)
    return ms ?? 0
  }
}

/** What is wrong with one test alone: the others of the file can be run. */
class OwnProblems {
  readonly list: Problem[] = []
  readonly #reader: FieldReader

  constructor(reader: FieldReader) {
    this.#reader = reader
  }

  add(path: Path, message: string): void {
    this.list.push(this.#reader.problemOf(path, message))
  }

  /** What `read` gives, or undefined with a problem of the notation. */
  read<Value>(path: Path, read: () => Value): Value | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof NotationError)) throw error
      this.add(path, error.message)
      return undefined
    }
  }
}
