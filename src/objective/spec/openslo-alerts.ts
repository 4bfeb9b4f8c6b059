import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import type { Severity, SloAlert } from '../slo.ts'
import type { SpecContext } from './document.ts'
import type { SpecReader } from './spec-reader.ts'

/** Words for what wakes somebody; everything else waits. */
const PAGES = /^(?:page|critical|high|urgent|sev-?1|p1)$/i

/**
 * Who is told, by the policies of an SLO of OpenSLO v1. Their conditions have one window each and can't say what multiwindow
 * alerts say, so that midwatch's own windows are taken, for the severities that the conditions name.
 */
export function readOpenSloAlerts(
  reader: SpecReader,
  node: YamlNode | undefined,
  path: Path,
  { objects }: SpecContext,
  sloName: string,
): { readonly page: SloAlert | undefined; readonly ticket: SloAlert | undefined } {
  const told: Partial<Record<Severity, SloAlert>> = {}
  const policies = reader.list(node, path)
  for (const [i, policy] of policies.entries()) {
    const here = [...path, i]
    const refName = policy.kind === 'scalar' ? policy.text : textOf(policy, ['alertPolicyRef'])
    const object = refName === undefined ? policy : objects.find('AlertPolicy', refName)?.root
    if (object === undefined) {
      reader.problem(here, objects.notFound('AlertPolicy', refName as string))
      continue
    }
    const name = textOf(object, ['metadata', 'name']) ?? refName ?? sloName
    for (const condition of itemsOf(object, ['spec', 'conditions'])) {
      const conditionRef = textOf(condition, ['conditionRef'])
      const found = conditionRef === undefined ? condition : objects.find('AlertCondition', conditionRef)?.root
      if (found === undefined) {
        reader.problem(here, objects.notFound('AlertCondition', conditionRef as string))
        continue
      }
      const severity = PAGES.test(textOf(found, ['spec', 'severity']) ?? '') ? 'page' : 'ticket'
      told[severity] ??= { name, labels: {}, annotations: {} }
    }
  }
  if (policies.length > 0) {
    const message =
      'name who is told; when they are is said by the multiwindow alerts of the period and not by conditions with one window'
    reader.problem(path, message, 'warning')
  }
  return { page: told.page, ticket: told.ticket }
}

function textOf(node: YamlNode, path: readonly string[]): string | undefined {
  const found = at(node, path)
  return found?.kind === 'scalar' && found.text !== '' ? found.text : undefined
}

function itemsOf(node: YamlNode, path: readonly string[]): readonly YamlNode[] {
  const found = at(node, path)
  return found?.kind === 'list' ? found.items : []
}

function at(node: YamlNode, path: readonly string[]): YamlNode | undefined {
  let inner: YamlNode | undefined = node
  for (const key of path) inner = inner?.kind === 'map' ? inner.entries.get(key)?.value : undefined
  return inner
}
