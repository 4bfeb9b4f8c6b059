import type { Context } from 'hono'
import type { Problem } from '../../model/problem.ts'
import type { StoredRuleGroup, WrittenRuleGroup } from '../../model/stored-rule-group.ts'
import { readWrittenGroup } from '../../rule/written-group.ts'
import { requireScope, type WebEnv } from '../auth.ts'
import { readJson } from '../body.ts'
import { pageOf } from '../paging.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import type { Expected, RuleGroupChange } from '../rule-group-desk.ts'
import { invalid } from '../validate.ts'

/** Rule groups that are kept in the database, beside those in files. */
export const ruleGroupsApi: Api = (web, context) => {
  const { ruleGroups } = context
  const read = requireScope(context, 'read')
  const admin = requireScope(context, 'admin')
  const whoOf = (c: Context<WebEnv>) => ({ actor: c.get('caller').name, traceId: c.get('traceId') })

  web.get('/api/v1/rule-groups', read, (c) => {
    const namespace = c.req.query('namespace')
    const wanted = ruleGroups.all.filter((one) => namespace === undefined || one.namespace === namespace)
    const { items, ...page } = pageOf(c, wanted)
    return c.json({ items: items.map(groupJson), ...page }, 200, { 'cache-control': 'no-store' })
  })

  web.post('/api/v1/rule-groups', admin, async (c) => {
    const { namespace, ...body } = record(await readJson(c))
    if (typeof namespace !== 'string' || !isNamespace(namespace)) {
      throw invalid([{ field: 'namespace', message: NO_NAMESPACE }])
    }
    const written = readGroup(body, namespace)
    const change = await ruleGroups.put({ namespace, written, expected: 'absent' }, whoOf(c))
    return answer(c, change, namespace, written.name)
  })

  web.get('/api/v1/rule-groups/:namespace/:name', read, (c) => {
    const { namespace, name } = placeOf(c)
    const stored = ruleGroups.find(namespace, name)
    if (stored === undefined) throw unknownGroup(namespace, name)
    return c.json(groupJson(stored), 200, { etag: etagOf(stored), 'cache-control': 'no-store' })
  })

  web.put('/api/v1/rule-groups/:namespace/:name', admin, async (c) => {
    const { namespace, name } = placeOf(c)
    const { version, namespace: named = namespace, ...body } = record(await readJson(c))
    const errors = [
      ...(named === namespace ? [] : [{ field: 'namespace', message: `is another than in the address, ${namespace}` }]),
      ...((body.name ?? name) === name ? [] : [{ field: 'name', message: `is another than in the address, ${name}` }]),
    ]
    if (!isNamespace(namespace)) errors.push({ field: 'namespace', message: NO_NAMESPACE })
    if (errors.length > 0) throw invalid(errors)
    const written = readGroup({ ...body, name }, namespace)
    const change = await ruleGroups.put({ namespace, written, expected: expectedOf(c, version) }, whoOf(c))
    return answer(c, change, namespace, name)
  })

  web.delete('/api/v1/rule-groups/:namespace/:name', admin, async (c) => {
    const { namespace, name } = placeOf(c)
    const change = await ruleGroups.remove({ namespace, name, expected: expectedOf(c, undefined) }, whoOf(c))
    return answer(c, change, namespace, name)
  })
}

const NO_NAMESPACE = 'is not a name of rules; write 1 to 200 characters, such as shop'

/** What may stand for a file in lists, logs and addresses. */
export function isNamespace(text: string): boolean {
  return text.length >= 1 && text.length <= 200 && !/\p{Cc}/u.test(text)
}

/** Names of a path; what is escaped in it has been undone. */
function placeOf(c: Context): { readonly namespace: string; readonly name: string } {
  return { namespace: c.req.param('namespace') ?? '', name: c.req.param('name') ?? '' }
}

function record(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw invalid([{ field: '', message: 'is not an object; write {"name": "…", "rules": […]}' }])
}

/** @throws HttpProblem 422 that names every mistake, in the words of `midwatch check` */
function readGroup(body: unknown, namespace: string): WrittenRuleGroup {
  // JSON is YAML as well, so it goes the way of rule files.
  const read = readWrittenGroup(JSON.stringify(body), namespace)
  const errors = read.problems.filter(({ severity }) => severity === 'error')
  if (read.written === undefined || errors.length > 0) throw invalid(errors.map(fieldError))
  return read.written
}

function fieldError({ field = '', message }: Problem) {
  return { field, message }
}

/** What has to be there for a change, by the headers of RFC 9110, section 13.1, or by the version that was read. */
function expectedOf(c: Context, version: unknown): Expected {
  if (c.req.header('if-none-match')?.trim() === '*') return 'absent'
  const match = c.req.header('if-match')
  if (match?.trim() === '*') return 'present'
  if (match !== undefined)
    return match.split(',').flatMap((tag) => /^\s*"(\d+)"\s*$/.exec(tag)?.slice(1).map(Number) ?? [])
  if (version === undefined) return 'anything'
  if (Number.isSafeInteger(version)) return [version as number]
  throw invalid([{ field: 'version', message: 'is not a version; send the one that was read, or none' }])
}

function answer(c: Context, change: RuleGroupChange, namespace: string, name: string): Response {
  switch (change.kind) {
    case 'stored': {
      const headers = { etag: etagOf(change.group), 'cache-control': 'no-store' }
      if (!change.isNew) return c.json(groupJson(change.group), 200, headers)
      const location = `/api/v1/rule-groups/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
      return c.json(groupJson(change.group), 201, { ...headers, location })
    }
    case 'removed':
      return c.body(null, 204)
    case 'unknown':
      throw unknownGroup(namespace, name)
    case 'taken':
      throw takenName(namespace, name)
    case 'conflict':
      throw conflict(c, change.current, namespace, name)
  }
}

function conflict(c: Context, current: StoredRuleGroup | undefined, namespace: string, name: string): HttpProblem {
  const group = `the group "${name}" in ${namespace}`
  if (current === undefined) return new HttpProblem(412, 'Changed meanwhile', `${group} is gone; read the list again`)
  if (c.req.method === 'POST')
    return new HttpProblem(409, 'Name in use', `${group} is there already; change it with PUT`)
  const what = `${group} is at version ${current.version}, changed by ${current.updatedBy}`
  return new HttpProblem(412, 'Changed meanwhile', `${what}; read it again and repeat the change`)
}

export function takenName(namespace: string, name: string): HttpProblem {
  const detail = `the rule file ${namespace} has a group "${name}"; choose another name`
  return new HttpProblem(409, 'Name in use', detail)
}

function unknownGroup(namespace: string, name: string): HttpProblem {
  return new HttpProblem(
    404,
    'No such group',
    `no group "${name}" is kept in ${namespace}; groups of files are not here`,
  )
}

function etagOf({ version }: StoredRuleGroup): string {
  return `"${version}"`
}

function groupJson({ namespace, written, version, createdMs, updatedMs, updatedBy }: StoredRuleGroup) {
  const { name, ...rest } = written
  return {
    namespace,
    name,
    version,
    ...rest,
    created_at: new Date(createdMs).toISOString(),
    updated_at: new Date(updatedMs).toISOString(),
    updated_by: updatedBy,
  }
}
