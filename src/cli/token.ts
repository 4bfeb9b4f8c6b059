import { defineCommand } from 'citty'
import { SCOPES, type Scope } from '../config/config.ts'
import { didYouMean } from '../lib/suggest.ts'
import { createToken, listTokens, newToken, revokeToken } from '../store/tokens.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen } from './offline.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

/** As `POST /api/v1/tokens` answers. */
interface Created {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly token: string
}

interface Listed {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly created: string
  readonly last_used: string | null
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
/** Whoever can open the file. */
const ACTOR = 'local'

const create = defineCommand({
  meta: { name: 'create', description: 'Make a token and print it: it is shown only now.' },
  args: {
    name: { type: 'positional', required: true, description: 'What it is for, such as ci', valueHint: 'NAME' },
    scopes: { type: 'string', default: 'read', description: `Some of ${SCOPES.join(', ')}`, valueHint: 'LIST' },
    json: { type: 'boolean', description: 'Print it as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const { name } = args
    if (!NAME.test(name)) {
      throw new CommandError(2, `${plain(name)} is not a name; write letters, digits, dots and dashes`)
    }
    const scopes = readScopes(args.scopes)
    const created = await askOrOpen(
      args,
      async (server) => (await server.ask('POST', '/api/v1/tokens', { name, scopes })) as Created,
      async ({ store, audit }): Promise<Created> => {
        if (listTokens(store.reader).some((token) => token.name === name)) {
          throw new CommandError(1, `there is a token "${name}" already; revoke it first or choose another name`)
        }
        const { id, text, hash } = newToken()
        await store.writer.run(createToken, { id, name, hash, scopes, nowMs: Date.now() })
        const attributes = { scopes }
        await audit.record([
          { event: 'token.created', actor: ACTOR, action: 'create', resource: `token/${name}`, attributes },
        ])
        return { id, name, scopes, token: text }
      },
    )
    if (args.json) return printJson(created)
    process.stderr.write(`token ${name} (${created.scopes.join(', ')}); it is shown only now:\n`)
    process.stdout.write(`${created.token}\n`)
  },
})

const list = defineCommand({
  meta: {
    name: 'list',
    description: 'List the tokens that are not revoked; those in the config file are not among them.',
  },
  args: { json: { type: 'boolean', description: 'Print them as JSON' }, ...serverArgs },
  async run({ args }) {
    const tokens = await askOrOpen(
      args,
      async (server) => ((await server.ask('GET', '/api/v1/tokens')) as { items: readonly Listed[] }).items,
      ({ store }) =>
        listTokens(store.reader).map(
          ({ id, name, scopes, createdMs, lastUsedMs }): Listed => ({
            id,
            name,
            scopes,
            created: new Date(createdMs).toISOString(),
            last_used: lastUsedMs === undefined ? null : new Date(lastUsedMs).toISOString(),
          }),
        ),
    )
    if (args.json) return printJson(tokens)
    if (tokens.length === 0) process.stdout.write('there is no token; make one with midwatch token create NAME\n')
    else process.stdout.write(table([['NAME', 'ID', 'SCOPES', 'CREATED', 'LAST USED'], ...tokens.map(rowOf)]))
  },
})

const revoke = defineCommand({
  meta: { name: 'revoke', description: 'Revoke a token: it is refused from now on.' },
  args: {
    name: { type: 'positional', required: true, description: 'Its name or its id', valueHint: 'NAME' },
    ...serverArgs,
  },
  async run({ args }) {
    const idOrName = args.name
    await askOrOpen(
      args,
      async (server) => {
        await server.ask('DELETE', `/api/v1/tokens/${encodeURIComponent(idOrName)}`)
      },
      async ({ store, audit }) => {
        const isRevoked = await store.writer.run(revokeToken, { idOrName, nowMs: Date.now() })
        if (!isRevoked) throw new CommandError(1, `there is no token "${plain(idOrName)}"`)
        await audit.record([{ event: 'token.revoked', actor: ACTOR, action: 'delete', resource: `token/${idOrName}` }])
      },
    )
    process.stdout.write(`token ${plain(idOrName)} is revoked\n`)
  },
})

export const token = defineCommand({ subCommands: { create, list, revoke } })

function rowOf({ name, id, scopes, created, last_used: lastUsed }: Listed): string[] {
  return [plain(name), id, scopes.join(','), created, lastUsed ?? 'never']
}

function readScopes(text: string): readonly Scope[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const wrong = words.find((word) => !(SCOPES as readonly string[]).includes(word))
  if (wrong !== undefined) throw new CommandError(2, `${plain(wrong)} is not a scope${didYouMean(wrong, SCOPES)}`)
  if (words.length === 0) throw new CommandError(2, `--scopes is empty; write some of ${SCOPES.join(', ')}`)
  return [...new Set(words)] as Scope[]
}
