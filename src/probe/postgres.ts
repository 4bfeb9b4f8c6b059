import type { Socket } from 'node:net'
import { userInfo } from 'node:os'
import type { Client } from 'pg'
import { z } from 'zod'
import { type ProbeMetric, up } from '../model/finding.ts'
import { chooseTls, connectSocketFile, type DatabaseTls } from './database-tls.ts'
import { databaseUrl, displayDatabaseUrl } from './database-url.ts'
import { refuse, secret, tlsOptions } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { connectPostgres, type PostgresSocket } from './postgres-socket.ts'
import { defineProbe, type ProbeContext } from './probe.ts'
import { describeRows, expectedRows, judgeRows, type QueryResult, queryMetrics } from './query-result.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { standsIn } from './stand-in.ts'

const EXAMPLE = 'postgres://watch@db.internal:5432/app'

/** What libpq's `sslmode` means. */
const MODES: Readonly<Record<string, DatabaseTls>> = {
  disable: 'off',
  prefer: 'prefer',
  require: { insecure_skip_verify: true },
  'verify-full': { insecure_skip_verify: false },
}

const config = z
  .strictObject({
    postgres: databaseUrl({
      schemes: ['postgres', 'postgresql'],
      defaultPort: 5432,
      example: EXAMPLE,
      parameters: ['host', 'port', 'sslmode'],
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
  .transform(({ postgres: url, user, password, tls, query, expect }, context) => {
    const folder = url.parameters.get('host')
    if (folder !== undefined && !folder.startsWith('/')) {
      return refuse(
        context,
        'the parameter host of the URL is no folder of socket files; write a host as in the example',
      )
    }
    if (folder === undefined && url.host === '') return refuse(context, `has no host; write ${EXAMPLE}`)
    if (expect !== undefined && query === undefined) {
      return refuse(context, 'expects something of a query, and there is none; write a query, such as query: select 1')
    }
    const mode = url.parameters.get('sslmode')
    const encryption = chooseTls(tls, mode, MODES)
    if (encryption === undefined) {
      return refuse(context, `sslmode=${mode} is not known here; write disable, prefer, require or verify-full`)
    }
    return {
      url,
      socketFile: folder === undefined ? undefined : `${folder}/.s.PGSQL.${url.parameters.get('port') ?? url.port}`,
      user: user ?? url.user,
      password: password ?? url.password,
      tls: encryption,
      query,
      expect,
    }
  })

type PostgresConfig = z.output<typeof config>

type Phase = 'resolve' | 'connect' | 'query'

/** What the server says of itself. A role needs no right but to connect. */
const ABOUT_SERVER = `select current_setting('server_version') as version,
  current_setting('max_connections')::int as max_connections,
  (select sum(numbackends)::int from pg_stat_database) as connections,
  pg_is_in_recovery() as in_recovery,
  pg_database_size(current_database())::float8 as database_bytes`

interface AboutServer {
  readonly version: string
  readonly max_connections: number
  readonly connections: number
  readonly in_recovery: boolean
  readonly database_bytes: number
}

/** More rows than this are not fetched. */
const MOST_ROWS = 1000

/** Up when a session can be opened and the query gives what is expected; the query can't change anything. */
export const postgres = defineProbe({
  key: 'postgres',
  summary: 'Up when PostgreSQL takes the login and the query, if there is one, gives what is expected.',
  config,
  example: { postgres: EXAMPLE },
  metrics: {
    ...lookupMetrics,
    probe_postgres_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_postgres_connections: { help: 'Sessions that are open on the server, this one included.' },
    probe_postgres_max_connections: { help: 'Sessions that may be open at once.' },
    probe_postgres_in_recovery: { help: '1 when the server is a standby, 0 when it is the primary.' },
    probe_postgres_database_size_bytes: { help: 'Size of the database on disk.' },
    ...queryMetrics('postgres'),
  },
  standIn: ({ query }) =>
    standsIn(
      'postgres_exporter: pg_up stands for probe_success' +
        (query === undefined ? '' : ', and the query goes into a file of sql_exporter'),
    ),
  instance: ({ url, socketFile }) => (socketFile === undefined ? displayDatabaseUrl(url) : `postgres://${socketFile}`),

  async run(config, context) {
    const { url, socketFile, query, expect } = config
    const target = socketFile ?? `${url.host}:${url.port}`
    const lookup = new Lookup()
    const phases = new Phases<Phase>('resolve')
    const metrics: ProbeMetric[] = []
    const details: Record<string, string | number | boolean> = {}
    let session: Session | undefined
    try {
      const connection = await open(config, context, lookup, phases)
      session = await Session.start(connection.socket, config)
      phases.enter('query')
      const { about, result } = await session.ask(query, context)
      phases.end()
      metrics.push(...aboutMetrics(about))
      Object.assign(details, aboutDetails(about), { tls: connection.tls?.version ?? 'off' })
      if (result !== undefined) {
        const described = describeRows('postgres', result)
        metrics.push(...described.metrics)
        Object.assign(details, described.details)
      }
      const measured = { metrics: [...base(), ...metrics], details, phase: 'query' }
      return judgeRows(result, expect, target, measured) ?? up(measured)
    } catch (error) {
      const circumstances = { context, target, phase: phases.current, metrics: [...base(), ...metrics], details }
      return downBySocketError(asAnswer(error, config), circumstances)
    } finally {
      await session?.end(context.signal)
    }

    function base(): ProbeMetric[] {
      return [
        ...lookup.metrics(),
        ...(['resolve', 'connect', 'query'] as const).map((phase) => ({
          name: 'probe_postgres_duration_seconds',
          labels: { phase },
          value: phases.seconds(phase),
        })),
      ]
    }
  },
})

async function open(
  { url, socketFile, tls }: PostgresConfig,
  context: ProbeContext,
  lookup: Lookup,
  phases: Phases<Phase>,
): Promise<PostgresSocket> {
  if (socketFile !== undefined) {
    phases.enter('connect')
    return { socket: await connectSocketFile(socketFile, context.signal), tls: undefined }
  }
  const address = await lookup.resolve(url.host, context)
  phases.enter('connect')
  return connectPostgres(address, { host: url.host, port: url.port, tls }, context.signal)
}

/** One login. */
class Session {
  readonly #client: Client
  readonly #socket: Socket

  private constructor(client: Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
  }

  /** Logs in on a connected socket, which is destroyed when that fails. */
  static async start(socket: Socket, { url, user, password }: PostgresConfig): Promise<Session> {
    try {
      const { Client } = await import('pg')
      const name = user ?? userInfo().username
      const client = new Client({
        // The client would connect by itself otherwise, and to whatever the name means by then.
        stream: () => alreadyConnected(socket),
        host: url.host,
        port: url.port,
        user: name,
        database: url.database === '' ? name : url.database,
        // As a function, since without a password the client would look into files and the environment.
        password: () => password?.reveal() ?? '',
        ssl: false,
        application_name: 'midwatch',
      })
      // What breaks between two statements shows at the next one.
      client.on('error', () => undefined)
      const started = client.connect()
      socket.resume()
      await started
      return new Session(client, socket)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Everything in one transaction that can't write and that the server itself ends when our time is over. */
  async ask(query: string | undefined, { timeoutMs }: ProbeContext) {
    await this.#client.query('begin transaction read only')
    await this.#client.query(`set local statement_timeout = ${Math.max(1, Math.floor(timeoutMs))}`)
    const about = (await this.#client.query<AboutServer>(ABOUT_SERVER)).rows[0] as AboutServer
    const result = query === undefined ? undefined : await this.#fetch(query)
    await this.#client.query('rollback')
    return { about, result }
  }

  /** Through a cursor: a query that gives millions of rows costs no more memory than one with a few. */
  async #fetch(query: string): Promise<QueryResult> {
    const statement = query.replace(/[;\s]+$/, '')
    // The extended protocol takes one statement only, so nothing can end our transaction from within the query.
    const declare = { text: `declare midwatch no scroll cursor for ${statement}\n`, queryMode: 'extended' }
    await this.#client.query(declare)
    const { rows, fields } = await this.#client.query({
      text: `fetch ${MOST_ROWS + 1} from midwatch`,
      rowMode: 'array',
    })
    return {
      columns: fields.map(({ name }) => name),
      rows: rows.slice(0, MOST_ROWS),
      isCut: rows.length > MOST_ROWS,
    }
  }

  /** Says goodbye, so that the server does not log a broken connection, and closes in any case. */
  async end(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await this.#client.end().catch(() => undefined)
    this.#socket.destroy()
  }
}

/** The client insists on connecting; it is told that it has. */
function alreadyConnected(socket: Socket): Socket {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'))
    return socket
  }
  return socket
}

function aboutMetrics(about: AboutServer): ProbeMetric[] {
  return [
    { name: 'probe_postgres_connections', value: about.connections },
    { name: 'probe_postgres_max_connections', value: about.max_connections },
    { name: 'probe_postgres_in_recovery', value: about.in_recovery ? 1 : 0 },
    { name: 'probe_postgres_database_size_bytes', value: about.database_bytes },
  ]
}

function aboutDetails({ version, connections, max_connections, in_recovery, database_bytes }: AboutServer) {
  return { version, connections, max_connections, in_recovery, database_bytes }
}

/** What the server or the client library says, as one of our reasons. */
function asAnswer(error: unknown, { password }: PostgresConfig): unknown {
  if (!(error instanceof Error) || error instanceof UnexpectedAnswerError) return error
  const code = 'code' in error ? String(error.code) : undefined
  if (code === undefined) {
    if (/terminated unexpectedly/.test(error.message)) {
      return new UnexpectedAnswerError('reset', 'the server closed the connection', { cause: error })
    }
    if (/SASL|SCRAM/.test(error.message)) {
      const message = password === undefined ? 'the server asks for a password; write one' : error.message
      return new UnexpectedAnswerError('auth', message, { cause: error })
    }
    return error
  }
  // SQLSTATE: five digits or capital letters; the first two are the class.
  if (!/^[0-9A-Z]{5}$/.test(code) || !('severity' in error)) return error
  const words = `the server says: ${error.message} (SQLSTATE ${code})`
  if (code.startsWith('28')) return new UnexpectedAnswerError('auth', words, { cause: error })
  if (code === '57014') return new UnexpectedAnswerError('timeout', words, { cause: error })
  return new UnexpectedAnswerError('reported', words, { cause: error })
}
