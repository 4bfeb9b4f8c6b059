import { createHash, randomBytes } from 'node:crypto'
import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

/** What a token may do: look, send data, change things. `admin` includes the others. */
export type Scope = 'read' | 'ingest' | 'admin'

export interface StoredToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdMs: number
  readonly lastUsedMs: number | undefined
}

/** A fresh token with 256 random bits; only its hash is kept, so this text is the only copy. */
export function newToken(): { readonly id: string; readonly text: string; readonly hash: Uint8Array } {
  const id = randomBytes(6).toString('hex')
  const text = `mw_${id}_${randomBytes(32).toString('base64url')}`
  return { id, text, hash: tokenHash(text) }
}

/** The token's own 256 bits make a slow hash needless: there is nothing to guess. */
export function tokenHash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export const createToken = defineOperation(
  'create-token',
  ({ db }, token: { id: string; name: string; hash: Uint8Array; scopes: readonly Scope[]; nowMs: number }) => {
    db.run(
      sql.insertInto('token').values({
        id: token.id,
        name: token.name,
        hash: token.hash,
        scopes: token.scopes.join(' '),
        created_ms: token.nowMs,
        last_used_ms: null,
        revoked_ms: null,
      }),
    )
  },
)

/** @returns whether there was such a token, by id or by name, that was not revoked yet */
export const revokeToken = defineOperation(
  'revoke-token',
  ({ db }, { idOrName, nowMs }: { idOrName: string; nowMs: number }): boolean =>
    db.run(
      sql
        .updateTable('token')
        .set({ revoked_ms: nowMs })
        .where('revoked_ms', 'is', null)
        .where((is) => is.or([is('id', '=', idOrName), is('name', '=', idOrName)])),
    ) > 0,
)

export const touchToken = defineOperation('touch-token', ({ db }, { id, nowMs }: { id: string; nowMs: number }) => {
  db.run(sql.updateTable('token').set({ last_used_ms: nowMs }).where('id', '=', id))
})

export function listTokens(db: Connection): readonly StoredToken[] {
  const rows = db.all(sql.selectFrom('token').selectAll().where('revoked_ms', 'is', null).orderBy('created_ms'))
  return rows.map(toToken)
}

export function findToken(db: Connection, hash: Uint8Array): StoredToken | undefined {
  const row = db.get(sql.selectFrom('token').selectAll().where('hash', '=', hash).where('revoked_ms', 'is', null))
  return row === undefined ? undefined : toToken(row)
}

function toToken(row: {
  id: string
  name: string
  scopes: string
  created_ms: number
  last_used_ms: number | null
}): StoredToken {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes.split(' ') as Scope[],
    createdMs: row.created_ms,
    lastUsedMs: row.last_used_ms ?? undefined,
  }
}
