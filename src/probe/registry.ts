import { dns } from './dns.ts'
import { host } from './host.ts'
import { http } from './http.ts'
import { postgres } from './postgres.ts'
import { process } from './process.ts'
import { redis } from './redis.ts'
import { smtp } from './smtp.ts'
import { tcp } from './tcp.ts'
import { tls } from './tls.ts'
import { websocket } from './websocket.ts'

/**
 * Every probe, in alphabetical order. A new one is its own file plus an import and a line here: the config schema, the
 * docs and the contract tests read this list.
 */
export const probes = [dns, host, http, postgres, process, redis, smtp, tcp, tls, websocket] as const
