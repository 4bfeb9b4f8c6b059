import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { defineCommand } from 'citty'
import { readYaml } from '../lib/yaml.ts'
import { printYaml } from '../lib/yaml-text.ts'
import { formatProblem } from '../model/problem.ts'
import type { WrittenRuleGroup } from '../model/stored-rule-group.ts'
import { readRuleFile } from '../rule/load.ts'
import { writtenGroups } from '../rule/written-group.ts'
import { findServer, type Server } from './client.ts'
import { CommandError } from './command-error.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

interface StoredGroup extends WrittenRuleGroup {
  readonly namespace: string
  readonly version: number
  readonly updated_at: string
  readonly updated_by: string
}

const PAGE_SIZE = 1000

/** A namespace, or one group of it. */
const placeArgs = {
  namespace: { type: 'positional', required: true, description: 'A namespace', valueHint: 'NAMESPACE' },
  group: { type: 'positional', required: false, description: 'Only this group', valueHint: 'GROUP' },
  ...serverArgs,
} as const

const list = defineCommand({
  meta: { name: 'list', description: 'List the rule groups that are kept in the database.' },
  args: {
    namespace: { type: 'string', description: 'Only those of this namespace', valueHint: 'NAMESPACE' },
    json: { type: 'boolean', description: 'Print them as JSON, with their rules' },
    ...serverArgs,
  },
  async run({ args }) {
    const groups = await groupsOf(findServer(args), args.namespace)
    if (args.json) return printJson(groups)
    if (groups.length === 0) {
      process.stdout.write('(no groups; those of rule files are in the files)\n')
      return
    }
    const rows = groups.map(({ namespace, name, rules: those, updated_at, updated_by }) => {
      return [plain(namespace), plain(name), String(those.length), updated_at, plain(updated_by)]
    })
    process.stdout.write(table([['NAMESPACE', 'GROUP', 'RULES', 'CHANGED', 'BY'], ...rows]))
  },
})

const get = defineCommand({
  meta: { name: 'get', description: 'Print the groups of a namespace as a rule file.' },
  args: placeArgs,
  async run({ args }) {
    const { namespace, group } = args
    const groups = await groupsOf(findServer(args), namespace)
    const wanted = groups.filter(({ name }) => group === undefined || name === group)
    if (wanted.length === 0) throw new CommandError(1, nothingIn(namespace, group))
    process.stdout.write(printYaml({ groups: wanted.map(writtenOf) }))
  },
})

const set = defineCommand({
  meta: {
    name: 'set',
    description: 'Keep the groups of a rule file in the database, instead of those that are there.',
  },
  args: {
    file: { type: 'positional', required: true, description: 'A rule file', valueHint: 'FILE' },
    namespace: {
      type: 'string',
      description: 'What they are kept under (the name of the file)',
      valueHint: 'NAMESPACE',
    },
    prune: { type: 'boolean', description: 'Delete groups of the namespace that the file does not have' },
    ...serverArgs,
  },
  async run({ args }) {
    const groups = readGroups(args.file)
    const namespace = args.namespace ?? basename(args.file).replace(/\.ya?ml$/, '')
    const server = findServer(args)
    for (const { name, ...rest } of groups) await server.ask('PUT', addressOf(namespace, name), rest)
    const names = new Set(groups.map(({ name }) => name))
    const known = args.prune ? await groupsOf(server, namespace) : []
    const gone = known.filter(({ name }) => !names.has(name))
    for (const { name } of gone) await server.ask('DELETE', addressOf(namespace, name))
    const deleted = gone.length === 0 ? '' : `, and ${counted(gone.length)} deleted`
    process.stdout.write(`${counted(groups.length)} kept under ${plain(namespace)}${deleted}\n`)
  },
})

const remove = defineCommand({
  meta: { name: 'delete', description: 'Delete a group, or all of a namespace, from the database.' },
  args: placeArgs,
  async run({ args }) {
    const { namespace, group } = args
    const server = findServer(args)
    const names = group === undefined ? (await groupsOf(server, namespace)).map(({ name }) => name) : [group]
    if (names.length === 0) throw new CommandError(1, nothingIn(namespace, group))
    for (const name of names) await server.ask('DELETE', addressOf(namespace, name))
    process.stdout.write(`${counted(names.length)} deleted\n`)
  },
})

export const rules = defineCommand({ subCommands: { list, get, set, delete: remove } })

async function groupsOf(server: Server, namespace: string | undefined): Promise<StoredGroup[]> {
  const groups: StoredGroup[] = []
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ page: String(page), page_size: String(PAGE_SIZE) })
    if (namespace !== undefined) query.set('namespace', namespace)
    const answer = (await server.ask('GET', `/api/v1/rule-groups?${query}`)) as { items: StoredGroup[]; total: number }
    groups.push(...answer.items)
    if (answer.items.length === 0 || groups.length >= answer.total) return groups
  }
}

/** @throws CommandError after what is wrong with the file has been said */
function readGroups(file: string): readonly WrittenRuleGroup[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError(1, `${plain(file)}: can't be read: ${(error as Error).message}`)
  }
  const { problems } = readRuleFile(text, file)
  for (const problem of problems) process.stderr.write(`${plain(formatProblem(problem))}\n`)
  const { root } = readYaml(text, file)
  if (root === undefined || problems.some(({ severity }) => severity === 'error')) {
    throw new CommandError(1, `nothing was changed: ${plain(file)} is no rule file that can be used`)
  }
  return writtenGroups(root)
}

function addressOf(namespace: string, name: string): string {
  return `/api/v1/rule-groups/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}

/** As in a rule file, without what is known besides. */
function writtenOf({ name, interval, query_offset, limit, labels, rules: those }: StoredGroup): WrittenRuleGroup {
  return {
    name,
    ...(interval === undefined ? {} : { interval }),
    ...(query_offset === undefined ? {} : { query_offset }),
    ...(limit === undefined ? {} : { limit }),
    ...(labels === undefined ? {} : { labels }),
    rules: those,
  }
}

function nothingIn(namespace: string, group: string | undefined): string {
  return group === undefined
    ? `no group is kept in ${plain(namespace)}`
    : `no group ${plain(group)} is kept in ${plain(namespace)}`
}

function counted(groups: number): string {
  return `${groups} ${groups === 1 ? 'group' : 'groups'}`
}
