import type { Socket } from 'node:net'
import { userInfo } from 'node:os'
import type { Connection } from 'mysql2/promise'
import { z } from 'zod'
import { type ProbeMetric, up } from '../model/finding.ts'
import { chooseTls, connectSocketFile, type DatabaseTls } from './database-tls.ts'
import { databaseUrl, displayDatabaseUrl } from './database-url.ts'
import { formatHostAndPort, refuse, secret, type TlsOptions, tlsOptions } from './fields.ts'
import { type MysqlGreeting, readGreeting } from './mysql-greeting.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe, type ProbeContext } from './probe.ts'
import { describeRows, expectedRows, judgeRows, type QueryResult, queryMetrics } from './query-result.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { standsIn } from './stand-in.ts'
import { connectTcp } from './tcp-socket.ts'
import { readKeyFile } from './tls-socket.ts'

const EXAMPLE = 'mysql://watch@db.internal:3306/app'

/** What the parameter of MySQL's own URLs means. */
const MODES: Readonly<Record<string, DatabaseTls>> = {
  DISABLED: 'off',
  PREFERRED: 'prefer',
  REQUIRED: { insecure_skip_verify: true },
  VERIFY_IDENTITY: { insecure_skip_verify: false },
}

const config = z
  .strictObject({
    mysql: databaseUrl({
      schemes: ['mysql', 'mariadb'],
      defaultPort: 3306,
      example: EXAMPLE,
      parameters: ['socket', 'ssl-mode'],
      isHostOptional: true,
    }),
    user: z.string().min(1).optional().describe('Goes before the user in the URL.'),
    password: secret.optional().describe('Goes before the password in the URL.'),
    tls: z
      .union([z.boolean(), tlsOptions])
      .optional()
      .describe(
        '`true` wants a trusted certificate, `false` no encryption; by default it is encrypted where the server can.',
      ),
    query: z
      .string()
      .min(1)
      .optional()
      .describe('One statement that gives rows; it runs in a transaction that can only read.'),
    expect: expectedRows.optional(),
  })
  .transform(({ mysql: url, user, password, tls, query, expect }, context) => {
    const socketFile = url.parameters.get('socket')
    if (socketFile !== undefined && !socketFile.startsWith('/')) {
      return refuse(context, 'the parameter socket of the URL is no path; write one such as /run/mysqld/mysqld.sock')
    }
    if (socketFile === undefined && url.host === '') return refuse(context, `has no host; write ${EXAMPLE}`)
    if (expect !== undefined && query === undefined) {
      return refuse(context, 'expects something of a query, and there is none; write a query, such as query: select 1')
    }
    const mode = url.parameters.get('ssl-mode')
    const encryption = chooseTls(tls, mode?.toUpperCase(), MODES)
    if (encryption === undefined) {
      return refuse(context, `ssl-mode=${mode} is not known here; write ${Object.keys(MODES).join(', ')}`)
    }
    return {
      url,
      socketFile,
      user: user ?? url.user ?? userInfo().username,
      password: password ?? url.password,
      tls: encryption,
      query,
      expect,
    }
  })

type MysqlConfig = z.output<typeof config>

const PHASES = ['resolve', 'connect', 'query'] as const

/** More rows than this are not fetched, unless the query has a limit of its own. */
const MOST_ROWS = 1000

/** Up when a session can be opened and the query gives what is expected; the query can't change anything. */
export const mysql = defineProbe({
  key: 'mysql',
  summary: 'Up when MySQL or MariaDB takes the login and the query, if there is one, gives what is expected.',
  config,
  example: { mysql: EXAMPLE },
  metrics: {
    ...lookupMetrics,
    probe_mysql_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_mysql_connections: { help: 'Sessions that are open on the server, this one included.' },
    probe_mysql_max_connections: { help: 'Sessions that may be open at once.' },
    probe_mysql_read_only: { help: '1 when the server takes no writes, as replicas do.' },
    ...queryMetrics('mysql'),
  },
  standIn: ({ query }) =>
    standsIn(
      'mysqld_exporter: mysql_up stands for probe_success' +
        (query === undefined ? '' : ', and the query goes into a file of sql_exporter'),
    ),
  instance: ({ url, socketFile }) => (socketFile === undefined ? displayDatabaseUrl(url) : `mysql://${socketFile}`),

  async run(config, context) {
    const { url, socketFile, query, expect } = config
    const target = socketFile ?? formatHostAndPort(url)
    const lookup = new Lookup()
    const phases = new Phases<(typeof PHASES)[number]>('resolve')
    const metrics: ProbeMetric[] = []
    const details: Record<string, string | number | boolean> = {}
    let socket: Socket | undefined
    let session: Session | undefined
    try {
      socket = await open(config, context, lookup, () => phases.enter('connect'))
      const greeting = await readGreeting(socket)
      details.version = greeting.version
      session = await Session.start(socket, greeting, config)
      phases.enter('query')
      const about = await session.about()
      metrics.push(...aboutMetrics(about))
      Object.assign(details, about, { encrypted: session.isEncrypted })
      const result = query === undefined ? undefined : await session.ask(query, context)
      phases.end()
      if (result !== undefined) {
        const described = describeRows('mysql', result)
        metrics.push(...described.metrics)
        Object.assign(details, described.details)
      }
      const measured = { metrics: [...base(), ...metrics], details, phase: 'query' }
      return judgeRows(result, expect, target, measured) ?? up(measured)
    } catch (error) {
      const circumstances = { context, target, phase: phases.current, metrics: [...base(), ...metrics], details }
      return downBySocketError(asAnswer(error), circumstances)
    } finally {
      await session?.end(context.signal)
      socket?.destroy()
    }

    function base(): ProbeMetric[] {
      return [
        ...lookup.metrics(),
        ...PHASES.map((phase) => ({
          name: 'probe_mysql_duration_seconds',
          labels: { phase },
          value: phases.seconds(phase),
        })),
      ]
    }
  },
})

async function open(
  { url, socketFile }: MysqlConfig,
  context: ProbeContext,
  lookup: Lookup,
  onResolved: () => void,
): Promise<Socket> {
  if (socketFile !== undefined) {
    onResolved()
    return connectSocketFile(socketFile, context.signal)
  }
  const address = await lookup.resolve(url.host, context)
  onResolved()
  return connectTcp(address, url.port, context.signal)
}

interface AboutServer {
  readonly connections: number
  readonly max_connections: number
  readonly read_only: boolean
}

/** One login. */
class Session {
  readonly isEncrypted: boolean
  readonly #connection: Connection
  readonly #socket: Socket
  readonly #isMariadb: boolean

  private constructor(connection: Connection, socket: Socket, isMariadb: boolean, isEncrypted: boolean) {
    this.#connection = connection
    this.#socket = socket
    this.#isMariadb = isMariadb
    this.isEncrypted = isEncrypted
  }

  /** Logs in on a connected socket. */
  static async start(socket: Socket, greeting: MysqlGreeting, config: MysqlConfig): Promise<Session> {
    const { url, user, password, tls, socketFile } = config
    const ssl = await sslOf(tls, greeting, socketFile !== undefined)
    const { createConnection } = await import('mysql2/promise')
    const started = createConnection({
      // The client would connect by itself otherwise, and to whatever the name means by then.
      stream: socket,
      host: (typeof tls === 'object' ? tls.server_name : undefined) ?? url.host,
      user,
      password: password?.reveal() ?? '',
      ...(url.database === '' ? {} : { database: url.database }),
      ...(ssl === undefined ? {} : { ssl }),
      // Our own deadline closes the socket.
      connectTimeout: 0,
      dateStrings: true,
      // Room for the usual 16,000 of them would be half a megabyte for each connection.
      maxPreparedStatements: 1,
      // Nothing of this machine is sent to a server that asks for it.
      flags: ['-LOCAL_FILES'],
    })
    socket.resume()
    const connection = await started
    // What breaks between two statements shows at the next one.
    connection.on('error', () => undefined)
    return new Session(connection, socket, greeting.isMariadb, ssl !== undefined)
  }

  async about(): Promise<AboutServer> {
    const [row] = await this.#rows('select @@max_connections, @@global.read_only')
    const [status] = await this.#rows(`show global status like 'Threads_connected'`)
    return { connections: Number(status?.[1]), max_connections: Number(row?.[0]), read_only: Number(row?.[1]) === 1 }
  }

  /** In a transaction that can't write and that the server itself ends when our time is over. */
  async ask(query: string, { timeoutMs }: ProbeContext): Promise<QueryResult> {
    const limit = this.#isMariadb
      ? `max_statement_time = ${timeoutMs / 1000}`
      : `max_execution_time = ${Math.ceil(timeoutMs)}`
    await this.#connection.query(`set session ${limit}, sql_select_limit = ${MOST_ROWS + 1}`)
    await this.#connection.query('set session transaction read only')
    await this.#connection.query('start transaction read only')
    const [rows, fields] = await this.#connection.query({ sql: query, rowsAsArray: true })
    await this.#connection.query('rollback')
    // A statement without rows gives a summary instead.
    if (!Array.isArray(rows)) throw new UnexpectedAnswerError('body', 'the query gives no rows; write a select')
    return {
      columns: fields.map(({ name }) => name),
      rows: (rows as unknown[][]).slice(0, MOST_ROWS),
      isCut: rows.length > MOST_ROWS,
    }
  }

  /** Says goodbye and waits until it was heard, so that the server does not count a broken connection. */
  async end(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#socket.destroyed) return this.#connection.destroy()
    const over = Promise.withResolvers<void>()
    const finish = () => over.resolve()
    signal.addEventListener('abort', finish)
    this.#socket.once('close', finish)
    this.#connection.end().catch(finish)
    await over.promise
    signal.removeEventListener('abort', finish)
  }

  async #rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const [rows] = await this.#connection.query({ sql, rowsAsArray: true })
    return rows as unknown as readonly (readonly unknown[])[]
  }
}

/** @returns undefined for a connection without encryption */
async function sslOf(tls: DatabaseTls, { canEncrypt }: MysqlGreeting, isLocal: boolean) {
  if (tls === 'off' || (tls === 'prefer' && (isLocal || !canEncrypt))) return undefined
  if (!canEncrypt) {
    throw new UnexpectedAnswerError('tls', 'the server does not offer TLS; switch it on there, or write tls: false')
  }
  const options: TlsOptions = tls === 'prefer' ? { insecure_skip_verify: true } : tls
  const [ca, cert, key] = await Promise.all([options.ca_file, options.cert_file, options.key_file].map(readKeyFile))
  const isVerified = !options.insecure_skip_verify
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    rejectUnauthorized: isVerified,
    verifyIdentity: isVerified,
  }
}

function aboutMetrics({ connections, max_connections, read_only }: AboutServer): ProbeMetric[] {
  return [
    { name: 'probe_mysql_connections', value: connections },
    { name: 'probe_mysql_max_connections', value: max_connections },
    { name: 'probe_mysql_read_only', value: read_only ? 1 : 0 },
  ]
}

/** Access denied: to the server, to the database, without a password, by a plugin. */
const ABOUT_LOGIN = new Set([1044, 1045, 1698, 1524, 1251, 2061])
/** A statement took longer than it may: MySQL, MariaDB. */
const TOO_SLOW = new Set([3024, 1969])

/** What the server or the client library says, as one of our reasons. */
function asAnswer(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UnexpectedAnswerError || !('code' in error)) return error
  if (error.code === 'PROTOCOL_CONNECTION_LOST') {
    return new UnexpectedAnswerError('reset', 'the server closed the connection', { cause: error })
  }
  if (error.code === 'HANDSHAKE_SSL_ERROR') {
    return new UnexpectedAnswerError('tls', `the certificate of the server is not trusted: ${error.message}`, {
      cause: error,
    })
  }
  if (!('errno' in error) || !('sqlState' in error)) return error
  const number = Number(error.errno)
  const words = `the server says: ${error.message} (error ${number})`
  if (ABOUT_LOGIN.has(number)) return new UnexpectedAnswerError('auth', words, { cause: error })
  if (TOO_SLOW.has(number)) return new UnexpectedAnswerError('timeout', words, { cause: error })
  return new UnexpectedAnswerError('reported', words, { cause: error })
}
