import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import type { Steps } from '../slo.ts'
import type { SpecReader } from './spec-reader.ts'

/** A link of a chain; `priority` says whether it comes before (below 0) or after what Sloth does anyway. */
interface Plugin {
  readonly id: string
  readonly priority: number
  readonly disableOptimized: boolean
}

export interface Chain {
  readonly plugins: readonly Plugin[]
  /** In place of what Sloth does anyway, and of the chain of the whole file. */
  readonly isAlone: boolean
}

export const NO_CHAIN: Chain = { plugins: [], isAlone: false }

/** What a chain comes to. */
export interface ChainResult {
  readonly steps: Steps
  /** Whether queries are looked at, and whether they may be VictoriaMetrics' language. */
  readonly isPromql: boolean
}

const STEP_OF: Readonly<Record<string, 'sli' | 'meta' | 'alerts' | 'promql' | 'nothing'>> = {
  'sloth.dev/core/validate/v1': 'promql',
  'sloth.dev/core/sli_rules/v1': 'sli',
  'sloth.dev/core/metadata_rules/v1': 'meta',
  'sloth.dev/core/alert_rules/v1': 'alerts',
  'sloth.dev/core/debug/v1': 'nothing',
  'sloth.dev/core/noop/v1': 'nothing',
  'sloth.dev/contrib/validate_victoria_metrics/v1': 'nothing',
}

const DEFAULTS: readonly Plugin[] = [
  'sloth.dev/core/validate/v1',
  'sloth.dev/core/sli_rules/v1',
  'sloth.dev/core/metadata_rules/v1',
  'sloth.dev/core/alert_rules/v1',
].map((id) => ({ id, priority: 0, disableOptimized: false }))

export function readChain(reader: SpecReader, node: YamlNode | undefined, path: Path): Chain {
  const fields = reader.map(node, path, ['overridePrevious', 'chain'])
  if (fields === undefined) return NO_CHAIN
  const plugins = reader.list(fields.get('chain'), [...path, 'chain']).map((item, i): Plugin => {
    const here = [...path, 'chain', i]
    const plugin = reader.map(item, here, ['id', 'config', 'priority'])
    const id = reader.text(plugin?.get('id'), [...here, 'id']) ?? ''
    const priority = plugin?.has('priority')
      ? (reader.number(plugin.get('priority'), [...here, 'priority'], 'a whole number such as 0') ?? 0)
      : 0
    if (STEP_OF[id] === undefined) {
      reader.problem(
        [...here, 'id'],
        `unsupported plugin ${JSON.stringify(id)}: plugins are Go programs that only Sloth runs; write what it does as queries, or leave it out`,
      )
    }
    const isSli = STEP_OF[id] === 'sli'
    const config = isSli ? reader.map(plugin?.get('config'), [...here, 'config'], ['disableOptimized']) : undefined
    return {
      id,
      priority,
      disableOptimized: reader.switch(config?.get('disableOptimized'), [...here, 'config', 'disableOptimized']),
    }
  })
  return { plugins, isAlone: reader.switch(fields.get('overridePrevious'), [...path, 'overridePrevious']) }
}

/** What the file's chain and then an SLO's own come to; plugins are Go programs, of which midwatch knows what Sloth brings along. */
export function runChain(ofFile: Chain, ofSlo: Chain): ChainResult {
  const plugins = [...(ofSlo.isAlone ? [] : ofFile.plugins), ...ofSlo.plugins].sort((a, b) => a.priority - b.priority)
  const isAlone = ofFile.isAlone || ofSlo.isAlone
  const chain = [
    ...plugins.filter(({ priority }) => priority < 0),
    ...(isAlone ? [] : DEFAULTS),
    ...plugins.filter(({ priority }) => priority >= 0),
  ]
  const done = { sli: false, meta: false, alerts: false, optimizesPeriod: true }
  let isPromql = false
  for (const { id, disableOptimized } of chain) {
    const step = STEP_OF[id]
    switch (step) {
      case undefined:
      case 'promql':
        isPromql = true
        break
      case 'nothing':
        break
      case 'sli':
        done.optimizesPeriod = !disableOptimized
        done.sli = true
        break
      case 'meta':
      case 'alerts':
        done[step] = true
        break
    }
  }
  return { steps: done, isPromql }
}
