import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  type ParseOptions,
  parseAllDocuments,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml'

import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlPlace, YamlScalar } from './yaml-node.ts'

export type { YamlEntry, YamlList, YamlMap, YamlNode, YamlPlace, YamlScalar, YamlValue } from './yaml-node.ts'
export { locate, toValue } from './yaml-node.ts'

/** One thing wrong with the text, in the shape that problems of files have everywhere. */
export interface YamlProblem extends YamlPlace {
  readonly file: string
  readonly message: string
  readonly severity: 'error' | 'warning'
}

/** The tree of one document, or undefined when the file is empty or there is an error among the problems. */
export interface YamlReading {
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
}

/** More nodes than this, counting what every alias repeats, are refused: nine lines of aliases can mean a billion. */
const MAX_NODES = 1_000_000
const MAX_PROBLEMS = 20

const TOO_DEEP = 'lists or maps are nested too deeply'
/** What YAML does not count as printable. */
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/

const OPTIONS = {
  schema: 'failsafe',
  prettyErrors: false,
  // Both are done here: the library compares every key with every other, and says less about them.
  uniqueKeys: false,
  merge: false,
  resolveKnownTags: false,
} as const

/**
 * Reads the first document of a YAML 1.2 text; further ones are a warning. Never throws.
 *
 * @param file the name for the problems
 */
export function readYaml(text: string, file: string): YamlReading {
  return read(file, text, (options) => {
    const doc = parseDocument(text, options)
    const more = doc.errors.findIndex((error) => error.code === 'MULTIPLE_DOCS')
    const [error] = more === -1 ? [] : doc.errors.splice(more, 1)
    return { docs: [doc], unreadAt: error?.pos[0] }
  })[0]!
}

/** Reads every document of a text, one reading each; an empty text has one. Never throws. */
export function readYamlDocuments(text: string, file: string): readonly YamlReading[] {
  return read(file, text, (options) => {
    const docs = parseAllDocuments(text, options)
    return { docs: 'empty' in docs ? [] : docs, unreadAt: undefined }
  })
}

type ProblemAt = (offset: number, message: string, severity?: YamlProblem['severity']) => YamlProblem
type Doc = Document.Parsed<ParsedNode>
type Parse = (options: ParseOptions & typeof OPTIONS) => { docs: readonly Doc[]; unreadAt: number | undefined }

function read(file: string, text: string, parse: Parse): YamlReading[] {
  const lines = new LineCounter()
  const problem: ProblemAt = (offset, message, severity = 'error') => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message, severity }
  }
  const failed = (message: string): YamlReading => ({ root: undefined, problems: [problem(0, message)] })
  const control = CONTROL.exec(text)
  if (control !== null) {
    lines.addNewLine(0)
    for (let i = text.indexOf('\n'); i !== -1 && i < control.index; i = text.indexOf('\n', i + 1))
      lines.addNewLine(i + 1)
    const code = control[0].charCodeAt(0).toString(16).padStart(2, '0')
    return [{ root: undefined, problems: [problem(control.index, `the control character 0x${code} is not allowed`)] }]
  }
  try {
    const { docs, unreadAt } = parse({ ...OPTIONS, lineCounter: lines })
    const unread = 'only the first document of the file is read; what follows this --- is ignored'
    const warnings = unreadAt === undefined ? [] : [problem(unreadAt, unread, 'warning')]
    if (docs.length === 0) return [{ root: undefined, problems: warnings }]
    return docs.map((doc) => {
      if (doc.errors.some(({ message }) => message.includes('call stack'))) return failed(TOO_DEEP)
      if (doc.errors.length > 0) {
        const errors = doc.errors.slice(0, MAX_PROBLEMS).map((error) => problem(error.pos[0], explain(error, text)))
        return { root: undefined, problems: [...errors, ...warnings] }
      }
      const reader = new Reader(lines, problem)
      const root = isEmpty(doc.contents) ? undefined : reader.node(doc.contents)
      const problems = [...reader.problems.slice(0, MAX_PROBLEMS), ...warnings]
      return { root: problems.some(({ severity }) => severity === 'error') ? undefined : root, problems }
    })
  } catch (error) {
    // The library and the walk below go down one call for each level; nothing else ends with this error.
    if (error instanceof RangeError) return [failed(TOO_DEEP)]
    throw error
  }
}

function isEmpty(contents: ParsedNode | null): contents is null {
  return contents === null || (isScalar(contents) && contents.source === '' && contents.type === 'PLAIN')
}

function explain({ code, message }: YAMLError, text: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab can’t indent; write spaces'
  if (code === 'MULTILINE_IMPLICIT_KEY' || code === 'BLOCK_AS_IMPLICIT_KEY') {
    return `${message}; is an indent wrong, or a text with ": " not in quotes?`
  }
  if (code === 'BAD_SCALAR_START' && /[@`]/.test(text)) return `${message}; put the text in quotes`
  return message
}

/** One walk over the library's tree: resolves aliases and merge keys, and counts what they multiply. */
class Reader {
  readonly problems: YamlProblem[] = []
  readonly #lines: LineCounter
  readonly #problem: ProblemAt
  /** By anchor name; undefined while the anchor's own node is being read. */
  readonly #anchors = new Map<string, YamlNode | undefined>()
  readonly #sizes = new Map<YamlNode, number>()
  #mergedEntries = 0
  #tooMany = false

  constructor(lines: LineCounter, problem: ProblemAt) {
    this.#lines = lines
    this.#problem = problem
  }

  node(node: ParsedNode): YamlNode {
    const place = this.#place(node)
    if (isAlias(node)) return this.#alias(node.source, node.range[0]) ?? nothing(place)
    const { anchor, tag } = node
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    if (tag !== undefined && !isKnownTag(tag)) {
      this.problems.push(
        this.#problem(node.range[0], `the tag ${shortTag(tag)} means nothing here and is ignored`, 'warning'),
      )
    }
    const view = isMap(node) ? this.#map(node, place) : isSeq(node) ? this.#list(node, place) : scalar(node, place)
    if (anchor !== undefined) this.#anchors.set(anchor, view)
    this.#count(view, node.range[0])
    return view
  }

  #list(node: { readonly items: readonly unknown[] }, place: YamlPlace): YamlList {
    return { kind: 'list', ...place, items: node.items.map((item) => this.node(item as ParsedNode)) }
  }

  #map(node: ParsedNode & { readonly items: readonly unknown[] }, place: YamlPlace): YamlMap {
    const entries = new Map<string, YamlEntry>()
    const merged: YamlMap[] = []
    for (const pair of node.items as readonly { key: ParsedNode; value: ParsedNode | null }[]) {
      const key = this.node(pair.key)
      const at = this.#place(pair.key)
      const value = pair.value === null ? nothing(at) : this.node(pair.value)
      if (key.kind !== 'scalar') {
        this.problems.push(this.#problem(pair.key.range[0], `a key has to be text, not a ${key.kind}`))
      } else if (key.text === '<<' && !key.isQuoted) {
        merged.push(...this.#merged(value, (pair.value ?? pair.key).range[0]))
      } else {
        const first = entries.get(key.text)
        const repeated = `${JSON.stringify(key.text)} is there twice in this map, first in line ${first?.line}`
        if (first === undefined) entries.set(key.text, { key: key.text, ...at, value })
        else this.problems.push(this.#problem(pair.key.range[0], repeated))
      }
    }
    for (const map of merged) {
      this.#mergedEntries += map.entries.size
      if (this.#mergedEntries > MAX_NODES) {
        this.#refuse(node.range[0])
        break
      }
      for (const entry of map.entries.values()) if (!entries.has(entry.key)) entries.set(entry.key, entry)
    }
    return { kind: 'map', ...place, entries }
  }

  #merged(value: YamlNode, offset: number): readonly YamlMap[] {
    const maps = value.kind === 'list' ? value.items : [value]
    if (maps.every((map) => map.kind === 'map')) return maps
    this.problems.push(this.#problem(offset, '<< takes a map or a list of maps, usually an alias such as *defaults'))
    return []
  }

  #alias(name: string, offset: number): YamlNode | undefined {
    const target = this.#anchors.get(name)
    if (target !== undefined) return target
    const inside = this.#anchors.has(name)
    const why = inside ? `*${name} stands inside of &${name} itself` : `no &${name} stands before this *${name}`
    this.problems.push(this.#problem(offset, why))
    return undefined
  }

  #count(view: YamlNode, offset: number): void {
    const children =
      view.kind === 'map'
        ? [...view.entries.values()].map(({ value }) => value)
        : view.kind === 'list'
          ? view.items
          : []
    const size = children.reduce((sum, one) => sum + (this.#sizes.get(one) ?? 1), 1)
    this.#sizes.set(view, size)
    if (size > MAX_NODES) this.#refuse(offset)
  }

  #refuse(offset: number): void {
    if (!this.#tooMany)
      this.problems.push(this.#problem(offset, `written out, its aliases are over ${MAX_NODES} values`))
    this.#tooMany = true
  }

  #place(node: ParsedNode): YamlPlace {
    const { line, col } = this.#lines.linePos(node.range[0])
    return { line, column: col }
  }
}

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])

function scalar(node: Scalar.Parsed, place: YamlPlace): YamlScalar {
  const text = node.source
  const isQuoted = node.type !== 'PLAIN' || node.tag === 'tag:yaml.org,2002:str'
  return { kind: 'scalar', ...place, text, isNull: !isQuoted && NULLS.has(text), isQuoted }
}

function nothing(place: YamlPlace): YamlScalar {
  return { kind: 'scalar', ...place, text: '', isNull: true, isQuoted: false }
}

function shortTag(tag: string): string {
  return tag.replace(/^tag:yaml\.org,2002:/, '!!')
}

function isKnownTag(tag: string): boolean {
  return tag === '!' || /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq|timestamp|merge)$/.test(tag)
}
