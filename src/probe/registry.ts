import { dns } from './dns.ts'
import { grpc } from './grpc.ts'
import { host } from './host.ts'
import { http } from './http.ts'
import { icmp } from './icmp.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { process } from './process.ts'
import { promql } from './promql.ts'
import { redis } from './redis.ts'
import { script } from './script.ts'
import { smtp } from './smtp.ts'
import { tcp } from './tcp.ts'
import { tls } from './tls.ts'
import { websocket } from './websocket.ts'

/**
 * Every probe, in alphabetical order. A new one is its own file plus an import and a line here: the config schema, the
 * docs and the contract tests read this list.
 */
export const probes = [
  dns,
  grpc,
  host,
  http,
  icmp,
  mysql,
  postgres,
  process,
  promql,
  redis,
  script,
  smtp,
  tcp,
  tls,
  websocket,
] as const
