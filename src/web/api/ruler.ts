import type { Context, Handler } from 'hono'
import { printYaml } from '../../lib/yaml-text.ts'
import { formatProblem } from '../../model/problem.ts'
import type { StoredRuleGroup } from '../../model/stored-rule-group.ts'
import { readWrittenGroup } from '../../rule/written-group.ts'
import { requireScope, type WebEnv } from '../auth.ts'
import { readText } from '../body.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { isNamespace } from './rule-groups.ts'

/** Mimir has them below its prefix for Prometheus, and tools that don't know the prefix ask without. */
const PREFIXES = ['/config/v1/rules', '/prometheus/config/v1/rules']

/**
 * Mimir's addresses for rules that are kept by the server, over the groups of `/api/v1/rule-groups`: what mimirtool and
 * Terraform providers speak.
 *
 * @see https://grafana.com/docs/mimir/latest/references/http-api/#ruler
 */
export const rulerApi: Api = (web, context) => {
  const { ruleGroups } = context
  const read = requireScope(context, 'read')
  const admin = requireScope(context, 'admin')
  const whoOf = (c: Context<WebEnv>) => ({ actor: c.get('caller').name, traceId: c.get('traceId') })
  const put = mimirStyle(async (c) => {
    const namespace = c.req.param('namespace') ?? ''
    if (!isNamespace(namespace)) return refused(c, 'a namespace has 1 to 200 characters')
    const group = readWrittenGroup(await readText(c), namespace)
    const errors = group.problems.filter(({ severity }) => severity === 'error')
    if (group.written === undefined || errors.length > 0) return refused(c, errors.map(formatProblem).join('\n'))
    const change = await ruleGroups.put({ namespace, written: group.written, expected: 'anything' }, whoOf(c))
    if (change.kind === 'stored') return accepted(c)
    return refused(c, `the rule file ${namespace} has a group "${group.written.name}"; choose another name`)
  })
  const remove = mimirStyle(async (c) => {
    const [namespace = '', name] = [c.req.param('namespace'), c.req.param('group')]
    const { kind } = await ruleGroups.remove({ namespace, name, expected: 'anything' }, whoOf(c))
    return kind === 'removed' ? accepted(c) : notFound(c, name)
  })

  for (const prefix of PREFIXES) {
    web.get(prefix, read, (c) => yaml(c, byNamespace(ruleGroups.all)))
    web.get(`${prefix}/:namespace`, read, (c) => {
      const namespace = c.req.param('namespace')
      return yaml(c, byNamespace(ruleGroups.all.filter((one) => one.namespace === namespace)))
    })
    web.get(`${prefix}/:namespace/:group`, read, (c) => {
      const { namespace, group } = c.req.param()
      const stored = ruleGroups.find(namespace, group)
      return stored === undefined ? notFound(c, group) : yaml(c, stored.written)
    })
    web.post(`${prefix}/:namespace`, admin, put)
    web.delete(`${prefix}/:namespace`, admin, remove)
    web.delete(`${prefix}/:namespace/:group`, admin, remove)
  }
}

/** Answers as Mimir does: an error is a text. */
function mimirStyle(handle: (c: Context<WebEnv>) => Promise<Response>): Handler<WebEnv> {
  return async (c) => {
    try {
      return await handle(c)
    } catch (error) {
      if (error instanceof HttpProblem && error.status < 500) return c.text(`${error.message}\n`, error.status)
      throw error
    }
  }
}

function byNamespace(groups: readonly StoredRuleGroup[]): Record<string, unknown[]> {
  const namespaces: Record<string, unknown[]> = Object.create(null)
  for (const { namespace, written } of groups) {
    namespaces[namespace] ??= []
    namespaces[namespace].push(written)
  }
  return namespaces
}

function yaml(c: Context, value: unknown): Response {
  return c.body(printYaml(value), 200, { 'content-type': 'application/yaml', 'cache-control': 'no-store' })
}

function accepted(c: Context): Response {
  return c.json({ status: 'success', data: null, errorType: '', error: '' }, 202)
}

function refused(c: Context, message: string): Response {
  return c.text(`${message}\n`, 400)
}

function notFound(c: Context, group: string | undefined): Response {
  return c.text(`${group === undefined ? 'group namespace does not exist' : 'group does not exist'}\n`, 404)
}
