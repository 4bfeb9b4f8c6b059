import type { GoStruct, GoValue } from '../lib/go-value.ts'
import type { Labels } from '../model/labels.ts'
import { TemplateError } from '../template/error.ts'
import type { Surroundings } from '../template/evaluate.ts'
import { execute } from '../template/execute.ts'
import { goFunctions } from '../template/functions-go.ts'
import { CallError } from '../template/humanize.ts'
import { parseTree } from '../template/parse.ts'
import type { Tree } from '../template/tree.ts'
import { labelsMap } from '../template/value.ts'
import { prometheusFunctions, type RuleContext } from './template-functions.ts'
import type { TemplateSample } from './template-sample.ts'

/** Characters of an expanded text, and of every text on the way to it. */
const MAX_LENGTH = 262_144
/** Nodes, commands and loops, all runs of an expansion together; some tenths of a second at worst. */
const MAX_STEPS = 250_000
/** Different expressions that one expansion may ask for. */
const MAX_QUERIES = 100

const functions = new Map([...goFunctions, ...prometheusFunctions].map((one) => [one.name, one]))
const functionNames: ReadonlySet<string> = new Set(functions.keys())
const variableNames = ['$labels', '$externalLabels', '$externalURL', '$value']

/** A label or annotation of a rule, read once and expanded for each alert. */
export interface Template {
  readonly text: string
  readonly tree: Tree
  /** The text when nothing in it has to be expanded. */
  readonly plain: string | undefined
}

/** What `{{ . }}` is: the alert that a template is expanded for. */
export interface TemplateData {
  /** The labels of the sample, its metric name included, without those that the rule adds. */
  readonly labels: Labels
  readonly externalLabels: Labels
  /** Where people reach this server. */
  readonly externalUrl: string
  readonly value: number
}

export interface ExpandOptions {
  readonly nowMs: number
  /** The name in error messages; `__alert_` and the alert's name. */
  readonly name?: string
  /** Answers the `query` function; without it the function is an error. */
  readonly query?: (expr: string, atMs: number) => Promise<readonly TemplateSample[]>
  /** What `pathPrefix` gives; the path of `externalUrl` unless told. */
  readonly pathPrefix?: string
  /** Hears of an error that becomes part of the text. */
  readonly onError?: (error: Error) => void
}

/**
 * Reads a template: Go's text/template with the functions that Prometheus gives to rules.
 *
 * @throws TemplateError with the place, when Prometheus would refuse the rule file too
 */
export function parseTemplate(text: string): Template {
  const tree = parseTree(text, functionNames, variableNames)
  const plain = tree.nodes.every((node) => node.kind === 'text')
    ? tree.nodes.map((node) => (node.kind === 'text' ? node.text : '')).join('')
    : undefined
  return { text, tree, plain }
}

/**
 * Expands a template. The result is a promise only when it takes queries; an error becomes the text
 * `<error expanding template: …>`, so that an alert is sent in any case.
 */
export function expand(template: Template, data: TemplateData, options: ExpandOptions): string | Promise<string> {
  if (template.plain !== undefined) return template.plain
  const expansion = new Expansion(template, data, options)
  const outcome = expansion.attempt()
  return typeof outcome === 'string' ? outcome : expansion.finish(outcome)
}

/** Stops a run at a query whose answer is not there yet. */
class Unanswered {
  readonly expr: string

  constructor(expr: string) {
    this.expr = expr
  }
}

/**
 * One template for one alert. Templates change nothing but their own variables, so a run that comes to a query without
 * an answer is thrown away, and made again from the start when the answer is there: no part of a run ever waits.
 */
class Expansion {
  readonly #template: Template
  readonly #options: ExpandOptions
  readonly #surroundings: Surroundings<RuleContext>
  readonly #answers = new Map<string, readonly TemplateSample[] | CallError>()

  constructor(template: Template, data: TemplateData, options: ExpandOptions) {
    this.#template = template
    this.#options = options
    const { externalUrl } = data
    const context: RuleContext = {
      nowMs: options.nowMs,
      externalUrl,
      pathPrefix: () => options.pathPrefix ?? pathOf(externalUrl),
      maxLength: MAX_LENGTH,
      query: (expr) => this.#answer(expr),
    }
    const fields = new Map<string, GoValue>([
      ['Labels', labelsMap(data.labels)],
      ['ExternalLabels', labelsMap(data.externalLabels)],
      ['ExternalURL', externalUrl],
      ['Value', data.value],
    ])
    const top: GoStruct = { kind: 'struct', type: 'template.AlertTemplateData', isPointer: false, fields }
    const variables = new Map([...fields.values()].map((value, i) => [variableNames[i] as string, value]))
    this.#surroundings = { functions, context, budget: { steps: MAX_STEPS }, data: top, variables }
  }

  /** The text, or the expression that has to be answered first. */
  attempt(): string | Unanswered {
    try {
      return execute(this.#template.tree, this.#surroundings)
    } catch (error) {
      return error instanceof Unanswered ? error : this.#failed(error)
    }
  }

  async finish(first: Unanswered): Promise<string> {
    let unanswered = first
    for (;;) {
      await this.#ask(unanswered.expr)
      const outcome = this.attempt()
      if (typeof outcome === 'string') return outcome
      unanswered = outcome
    }
  }

  #answer(expr: string): readonly TemplateSample[] {
    const answer = this.#answers.get(expr)
    if (answer instanceof CallError) throw answer
    if (answer !== undefined) return answer
    if (this.#options.query === undefined) throw new CallError('there is nothing to query here')
    if (this.#answers.size >= MAX_QUERIES) throw new CallError(`more than ${MAX_QUERIES} different queries`)
    throw new Unanswered(expr)
  }

  async #ask(expr: string): Promise<void> {
    const { query, nowMs } = this.#options
    try {
      this.#answers.set(expr, (await query?.(expr, nowMs)) ?? [])
    } catch (error) {
      this.#answers.set(expr, new CallError(error instanceof Error ? error.message : String(error), { cause: error }))
    }
  }

  #failed(error: unknown): string {
    const { name = 'template', onError } = this.#options
    const place = error instanceof TemplateError ? `${name}:${error.line}:${error.column}` : name
    const reason = error instanceof Error ? error.message : String(error)
    onError?.(error instanceof Error ? error : new Error(reason))
    return `<error expanding template: error executing template ${name}: template: ${place}: executing "${name}" ${reason}>`
  }
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/+$/, '') : ''
}
