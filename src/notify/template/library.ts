import type { Notification } from '../../model/notification.ts'
import { mergeDefinitions, undefinedCall } from '../../template/definitions.ts'
import { UndefinedTemplateError } from '../../template/error.ts'
import { execute } from '../../template/execute.ts'
import { parseTree } from '../../template/parse.ts'
import { escapeHtml } from '../../template/text.ts'
import type { Definition, Tree } from '../../template/tree.ts'
import { BUILT_IN } from './built-in.ts'
import { dataOf } from './data.ts'
import { messageFunctions, SAFE_FUNCTIONS } from './functions.ts'

/** Characters of a message's text, and of every text on the way to it. */
const MAX_LENGTH = 262_144
/** Nodes, commands and loops; some tenths of a second at worst. */
const MAX_STEPS = 250_000

const functionNames: ReadonlySet<string> = new Set(messageFunctions.keys())

/** What the templates of messages may call by name: those that Alertmanager brings along, and those of the operator's files. */
export class TemplateLibrary {
  readonly #definitions: ReadonlyMap<string, Definition>

  private constructor(definitions: ReadonlyMap<string, Definition>) {
    this.#definitions = definitions
  }

  static readonly builtIn = new TemplateLibrary(parseTree(BUILT_IN, functionNames, []).definitions)

  /**
   * With what another file defines; it wins over what was there before.
   *
   * @throws TemplateError
   */
  with(text: string): TemplateLibrary {
    return new TemplateLibrary(mergeDefinitions(this.#definitions, parseTree(text, functionNames, []).definitions))
  }

  /**
   * Reads a text with `{{ … }}` in it.
   *
   * @param kind `html` escapes what is put in, unless it comes out of `safeHtml`
   * @returns what it says about a notification; throws TemplateError where it can't be expanded
   * @throws TemplateError when it can't be read, or calls a template that nothing defines
   */
  read(text: string, kind: 'text' | 'html' = 'text'): (notification: Notification, nowMs?: number) => string {
    const own = parseTree(text, functionNames, [])
    const tree: Tree = { ...own, definitions: mergeDefinitions(this.#definitions, own.definitions) }
    const missing = undefinedCall(tree)
    if (missing !== undefined) {
      throw new UndefinedTemplateError(
        missing.source,
        missing.at,
        `no template ${JSON.stringify(missing.name)} is defined`,
      )
    }
    const escaped = (made: string, madeBy: string | undefined) =>
      SAFE_FUNCTIONS.has(madeBy ?? '') ? made : escapeHtml(made)
    return (notification, nowMs = Date.now()) =>
      execute(tree, {
        functions: messageFunctions,
        context: { nowMs, maxLength: MAX_LENGTH },
        budget: { steps: MAX_STEPS },
        data: dataOf(notification),
        variables: new Map(),
        ...(kind === 'html' ? { escape: escaped } : {}),
      })
  }
}
