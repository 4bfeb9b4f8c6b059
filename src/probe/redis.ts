import type { Socket } from 'node:net'
import { z } from 'zod'
import { degraded, type ProbeMetric, up } from '../model/finding.ts'
import { databaseUrl, displayDatabaseUrl } from './database-url.ts'
import { formatHostAndPort, refuse, secret, tlsOptions } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { type Reply, RespConnection } from './resp.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { standsIn } from './stand-in.ts'
import { connectTcp } from './tcp-socket.ts'
import { startTls } from './tls-socket.ts'

const EXAMPLE = 'redis://cache.internal:6379/0'

const config = z
  .strictObject({
    redis: databaseUrl({ schemes: ['redis', 'rediss'], defaultPort: 6379, example: EXAMPLE }),
    user: z.string().min(1).optional().describe('Goes before the user in the URL.'),
    password: secret.optional().describe('Goes before the password in the URL.'),
    tls: z
      .union([z.boolean(), tlsOptions])
      .optional()
      .describe('For `rediss://`, or `true` to encrypt with the other scheme, too.'),
    queues: z
      .array(z.string().min(1))
      .min(1)
      .max(1000)
      .optional()
      .describe('Keys of lists, sorted sets, sets, streams and hashes whose lengths are measured.'),
  })
  .transform(({ redis: url, user, password, tls, queues = [] }, context) => {
    if (!/^\d{0,6}$/.test(url.database)) {
      return refuse(context, `has no number of a database after the slash; write one such as ${EXAMPLE}`)
    }
    return {
      url,
      user: user ?? url.user,
      password: password ?? url.password,
      isEncrypted: tls === undefined ? url.scheme === 'rediss' : tls !== false,
      tlsOptions: typeof tls === 'object' ? tls : undefined,
      queues: [...new Set(queues)],
    }
  })

type RedisConfig = z.output<typeof config>

/** How long a value is, by what `TYPE` says of it; a key that does not exist is an empty queue. */
const LENGTH_COMMANDS: Readonly<Record<string, string>> = {
  list: 'LLEN',
  zset: 'ZCARD',
  set: 'SCARD',
  stream: 'XLEN',
  hash: 'HLEN',
}

/** The login counts as connecting. */
const PHASES = ['resolve', 'connect', 'tls', 'query'] as const

/** Up when Redis (or Valkey) answers PING and every queue can be measured; degraded when a replica has lost its primary. */
export const redis = defineProbe({
  key: 'redis',
  summary: 'Up when Redis or Valkey takes the login, answers PING, and tells how long the queues are.',
  config,
  example: { redis: EXAMPLE, queues: ['mail', 'reports'] },
  metrics: {
    ...lookupMetrics,
    probe_redis_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_redis_connected_clients: { help: 'Clients that are connected, this one included.' },
    probe_redis_max_clients: { help: 'Clients that may be connected at once.' },
    probe_redis_memory_used_bytes: { help: 'Memory that the data takes.' },
    probe_redis_memory_max_bytes: { help: 'Memory that the data may take; 0 when there is no limit.' },
    probe_redis_queue_length: { help: 'How many entries a queue has; 0 when there is no such key.', labels: ['queue'] },
    probe_redis_is_replica: { help: '1 when the server is a replica, 0 when it is the primary.' },
  },
  instance: ({ url }) => displayDatabaseUrl(url),
  standIn: ({ url, queues }) =>
    standsIn(
      `redis_exporter against ${formatHostAndPort(url)}: redis_up stands for probe_success` +
        (queues.length === 0 ? '' : `, and --check-keys=${queues.join(',')} measures the queues`),
    ),

  async run(config, context) {
    const { url, queues } = config
    const target = formatHostAndPort(url)
    const lookup = new Lookup()
    const phases = new Phases<(typeof PHASES)[number]>('resolve')
    const metrics: ProbeMetric[] = []
    const details: Record<string, string | number | boolean> = {}
    let socket: Socket | undefined
    try {
      const address = await lookup.resolve(url.host, context)
      phases.enter('connect')
      socket = await connectTcp(address, url.port, context.signal)
      if (config.isEncrypted) {
        phases.enter('tls')
        socket = (await startTls(socket, url.host, config.tlsOptions)).socket
        phases.enter('connect')
      }
      const connection = new RespConnection(socket)
      await logIn(connection, config)
      phases.enter('query')
      const info = parseInfo(await connection.send('INFO'))
      metrics.push(...infoMetrics(info))
      Object.assign(details, infoDetails(info))
      for (const [queue, length] of await measureQueues(connection, queues)) {
        metrics.push({ name: 'probe_redis_queue_length', labels: { queue }, value: length })
        details[`queue ${queue}`] = length
      }
      phases.end()
      const measured = { metrics: [...base(), ...metrics], details }
      if (info.get('master_link_status') === 'down') {
        const primary = `${info.get('master_host')}:${info.get('master_port')}`
        const message = `${target}: a replica that has lost its primary ${primary}; its data is old`
        return degraded('reported', message, { ...measured, phase: 'query' })
      }
      return up(measured)
    } catch (error) {
      const circumstances = { context, target, phase: phases.current, metrics: [...base(), ...metrics], details }
      return downBySocketError(error, circumstances)
    } finally {
      socket?.destroy()
    }

    function base(): ProbeMetric[] {
      return [
        ...lookup.metrics(),
        ...PHASES.map((phase) => ({
          name: 'probe_redis_duration_seconds',
          labels: { phase },
          value: phases.seconds(phase),
        })),
      ]
    }
  },
})

async function logIn(connection: RespConnection, { url, user, password }: RedisConfig): Promise<void> {
  if (password !== undefined) {
    const name = user === undefined ? [] : [user]
    refuseError(await connection.send('AUTH', ...name, password.reveal()))
  }
  if (url.database !== '' && Number(url.database) !== 0) refuseError(await connection.send('SELECT', url.database))
  const pong = refuseError(await connection.send('PING'))
  if (pong !== 'PONG') throw new UnexpectedAnswerError('protocol', 'the answer to PING is not PONG')
}

async function measureQueues(connection: RespConnection, queues: readonly string[]) {
  const types = await Promise.all(queues.map((queue) => connection.send('TYPE', queue)))
  return Promise.all(
    queues.map(async (queue, i): Promise<readonly [queue: string, length: number]> => {
      const type = String(refuseError(types[i] as Reply))
      if (type === 'none') return [queue, 0]
      const command = LENGTH_COMMANDS[type]
      if (command === undefined) {
        throw new UnexpectedAnswerError(
          'body',
          `the key ${queue} holds a ${type}; a queue is a list, a set, a sorted set, a stream or a hash`,
        )
      }
      return [queue, Number(refuseError(await connection.send(command, queue)))]
    }),
  )
}

/** @throws UnexpectedAnswerError for an error that the server answers */
function refuseError(reply: Reply): string | number | null {
  if (reply === null || typeof reply !== 'object') return reply
  const isAboutLogin = /^(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|without any password/.test(reply.error)
  throw new UnexpectedAnswerError(isAboutLogin ? 'auth' : 'reported', `the server says: ${reply.error}`)
}

/** Empty when the user may not ask: that is no reason to find the server down. */
function parseInfo(reply: Reply): ReadonlyMap<string, string> {
  if (typeof reply !== 'string') return new Map()
  return new Map(
    reply.split('\r\n').flatMap((line) => {
      const at = line.indexOf(':')
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
}

const INFO_METRICS = [
  ['connected_clients', 'probe_redis_connected_clients'],
  ['maxclients', 'probe_redis_max_clients'],
  ['used_memory', 'probe_redis_memory_used_bytes'],
  ['maxmemory', 'probe_redis_memory_max_bytes'],
] as const

function infoMetrics(info: ReadonlyMap<string, string>): ProbeMetric[] {
  const metrics: ProbeMetric[] = INFO_METRICS.flatMap(([key, name]) => {
    const text = info.get(key)
    return text === undefined ? [] : [{ name, value: Number(text) }]
  })
  const role = info.get('role')
  if (role !== undefined) metrics.push({ name: 'probe_redis_is_replica', value: role === 'slave' ? 1 : 0 })
  return metrics
}

function infoDetails(info: ReadonlyMap<string, string>): Record<string, string | number> {
  const details: Record<string, string | number> = {}
  const version = info.get('valkey_version') ?? info.get('redis_version')
  if (version !== undefined) details.version = version
  const role = info.get('role')
  if (role !== undefined) details.role = role === 'slave' ? 'replica' : role === 'master' ? 'primary' : role
  for (const [key, detail] of [
    ['connected_clients', 'clients'],
    ['used_memory', 'memory_bytes'],
    ['maxmemory', 'memory_limit_bytes'],
  ] as const) {
    const text = info.get(key)
    if (text !== undefined && !(key === 'maxmemory' && text === '0')) details[detail] = Number(text)
  }
  return details
}
