import { didYouMean } from '../../lib/suggest.ts'
import type { YamlNode } from '../../lib/yaml.ts'
import { FieldReader, type Path } from '../../model/field-reader.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { type Expr, PromqlError, parse, typeOf } from '../../promql/index.ts'
import { hasWindow, TemplateError, WINDOW_TEXT, withWindow } from '../query-template.ts'
import { goScalarText, yamlSwitch } from './go-scalar.ts'

export type Fields = ReadonlyMap<string, YamlNode>

const NAME = /^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const NUMBER = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/

export interface Query {
  readonly text: string
  /** What it is when it is PromQL. */
  readonly expr: Expr | undefined
}

/** Reads the fields of an SLO file with Sloth's rules for them. Unknown keys change nothing there and are told here. */
export class SpecReader extends FieldReader {
  readonly #isStrict: boolean

  constructor(root: YamlNode, file: string, { isStrict = false }: { readonly isStrict?: boolean } = {}) {
    super(root, file)
    this.#isStrict = isStrict
  }

  override map(node: YamlNode | undefined, path: Path, keys: readonly string[]): Map<string, YamlNode> | undefined {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return undefined
    if (node.kind !== 'map') {
      this.problem(path, `has to be a map with the keys ${keys.join(', ')}`)
      return undefined
    }
    const fields = new Map<string, YamlNode>()
    for (const entry of node.entries.values()) {
      if (keys.includes(entry.key)) fields.set(entry.key, entry.value)
      else {
        const message = `is not known here${this.#isStrict ? '' : ' and changes nothing'}${didYouMean(entry.key, keys)}`
        this.problemAt(entry, [...path, entry.key], message, this.#isStrict ? 'error' : 'warning')
      }
    }
    return fields
  }

  /** A text, '' where nothing is written. */
  override text(node: YamlNode | undefined, path: Path): string | undefined {
    if (node === undefined) return undefined
    if (node.kind === 'scalar') return goScalarText(node)
    this.problem(path, `has to be a text, not a ${node.kind}`)
    return undefined
  }

  /** A list that has to have something in it. */
  filledList(node: YamlNode | undefined, path: Path, one: string): readonly YamlNode[] {
    const items = this.list(node, path)
    const isMissing = node === undefined || node.kind === 'list' || (node.kind === 'scalar' && node.isNull)
    if (items.length === 0 && isMissing) this.problem(path, `is empty; write at least one ${one}`)
    return items
  }

  /** A name that can be part of an id. */
  name(node: YamlNode | undefined, path: Path): string {
    const text = this.text(node, path) ?? ''
    if (text === '') this.problem(path, 'is missing; write a name such as checkout')
    else if (!NAME.test(text)) {
      this.problem(
        path,
        `${JSON.stringify(text)} is not a name; write two or more letters, digits, dots, dashes and underscores that begin and end with a letter or digit`,
      )
    }
    return text
  }

  number(node: YamlNode | undefined, path: Path, instead: string): number | undefined {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) {
      this.problem(path, `is missing; write ${instead}`)
      return undefined
    }
    if (node.kind === 'scalar' && !node.isQuoted && NUMBER.test(node.text)) return Number(node.text)
    const shown = node.kind === 'scalar' ? JSON.stringify(node.text) : `a ${node.kind}`
    this.problem(path, `${shown} is not a number; write ${instead}, without quotes`)
    return undefined
  }

  /** Percent of good events. */
  objective(percent: number | undefined, path: Path): number {
    if (percent === undefined) return Number.NaN
    if (!(percent > 0 && percent <= 100)) {
      this.problem(path, `${percent} can't be an objective; write a percentage above 0 and up to 100, such as 99.9`)
    }
    return percent
  }

  /** The same, written as OpenSLO's share of good events; the percentage is the product, with the float's last digits as Sloth has them. */
  target(node: YamlNode | undefined, path: Path): number {
    const share = this.number(node, path, 'a share such as 0.999')
    if (share === undefined) return Number.NaN
    if (!(share > 0 && share <= 1)) {
      this.problem(path, `${share} can't be a target; write a share above 0 and up to 1, such as 0.999`)
    }
    return share * 100
  }

  switch(node: YamlNode | undefined, path: Path): boolean {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return false
    const value = node.kind === 'scalar' && !node.isQuoted ? yamlSwitch(node.text) : undefined
    if (value === undefined) this.problem(path, 'is not a switch; write true or false')
    return value ?? false
  }

  choice<Choice extends string>(
    node: YamlNode | undefined,
    path: Path,
    choices: readonly Choice[],
  ): Choice | undefined {
    const text = this.text(node, path)
    if (text === undefined || text === '') return undefined
    const found = choices.find((choice) => choice === text)
    if (found === undefined) {
      this.problem(
        path,
        `${JSON.stringify(text)} is not one of ${choices.join(', ')}${didYouMean(text, choices, 'write one of')}`,
      )
    }
    return found
  }

  labels(node: YamlNode | undefined, path: Path): Record<string, string> {
    return this.#filled(node, path, (name) =>
      LABEL.test(name) && name !== METRIC_NAME ? undefined : `${JSON.stringify(name)} is no name of a label`,
    )
  }

  annotations(node: YamlNode | undefined, path: Path): Record<string, string> {
    return this.#filled(node, path, (name) =>
      LABEL.test(name) ? undefined : `${JSON.stringify(name)} is no name of an annotation`,
    )
  }

  #filled(
    node: YamlNode | undefined,
    path: Path,
    nameProblem: (name: string) => string | undefined,
  ): Record<string, string> {
    const texts = this.texts(node, path, nameProblem)
    for (const [name, text] of Object.entries(texts)) {
      const isText = node?.kind === 'map' && node.entries.get(name)?.value.kind === 'scalar'
      if (text === '' && isText) this.problem([...path, name], 'is empty; write a text or leave it out')
    }
    return texts
  }

  /**
   * A query with the window in it.
   *
   * @param isPromql false lets through what other languages than PromQL may have
   */
  query(node: YamlNode | undefined, path: Path, isPromql: boolean): Query | undefined {
    const text = this.text(node, path)
    if (text === undefined || text === '') {
      this.problem(path, `is missing; write a query such as sum(rate(requests_total[${WINDOW_TEXT}]))`)
      return undefined
    }
    return { text, expr: this.checkQuery(text, path, isPromql) }
  }

  /** What a query is when it is PromQL. */
  checkQuery(text: string, path: Path, isPromql: boolean): Expr | undefined {
    if (!hasWindow(text)) {
      this.problem(
        path,
        `has to have ${WINDOW_TEXT} where the window stands, as in rate(requests_total[${WINDOW_TEXT}])`,
      )
      return undefined
    }
    try {
      const filled = withWindow(text, '1m')
      if (!isPromql) return undefined
      const expr = parse(filled)
      // Queries are put into parentheses, and a comment at the end would swallow the one that closes.
      if (filled.includes('#')) parse(`(${filled})`)
      const type = typeOf(expr)
      if (type === 'vector' || type === 'scalar') return expr
      this.problem(path, `gives a ${type}; a query has to give a number for each series`)
    } catch (error) {
      if (error instanceof TemplateError) this.problem(path, `is not a template: ${error.message}`)
      else if (error instanceof PromqlError) this.problem(path, `is not PromQL: ${error.message}`)
      else throw error
    }
    return undefined
  }
}
