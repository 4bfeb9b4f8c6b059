import { readRunFile } from '../app/run-file.ts'
import { loadConfig } from '../config/load.ts'
import { CommandError } from './command-error.ts'
import type { ServerArgs } from './server-args.ts'

/** Nobody listens where midwatch should be, by what its own data folder says. */
export class NotRunningError extends CommandError {
  /** The folder that it would run with. */
  readonly dataDir: string

  constructor(dataDir: string) {
    super(
      1,
      `no midwatch runs with the data folder ${dataDir}; start it, name its folder with --data, or its address with --url`,
    )
    this.dataDir = dataDir
  }
}

/** A running midwatch. */
export interface Server {
  readonly url: string
  /**
   * Asks, and gives the answer's JSON; undefined when it has no content.
   *
   * @throws NotRunningError when it turns out that nobody is there, CommandError with midwatch's own words when it refuses
   */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
}

type Environment = Readonly<Record<string, string | undefined>>

/** Checking a long chain takes its time; nothing else does. */
const DEADLINE_MS = 10 * 60_000

/**
 * Finds the running midwatch: by `--url` or `MIDWATCH_URL`, or by what it wrote into its data folder when it started.
 *
 * @throws NotRunningError when the folder knows of none
 */
export function findServer(args: ServerArgs, env: Environment = process.env): Server {
  const token = args.token ?? (env.MIDWATCH_TOKEN || undefined)
  const named = args.url ?? (env.MIDWATCH_URL || undefined)
  if (named !== undefined) return serverAt(checkUrl(named), token, undefined)
  const dataDir = dataFolder(args, env)
  const running = readRunFile(dataDir)
  if (running === undefined) throw new NotRunningError(dataDir)
  return serverAt(running.url, token ?? running.token, dataDir)
}

/** The folder that a midwatch started with these arguments would use. */
export function dataFolder({ data, config }: ServerArgs, env: Environment = process.env): string {
  const loaded = loadConfig({ file: config, env, overrides: { data } })
  return loaded.config?.storage.data ?? data ?? (env.MIDWATCH_DATA || 'data')
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return text.replace(/\/+$/, '')
  throw new CommandError(2, `${text} is not an address of midwatch; write one like http://127.0.0.1:8420`)
}

/** @param dataDir where the address is from, when it is not from the operator */
function serverAt(url: string, token: string | undefined, dataDir: string | undefined): Server {
  return {
    url,
    async ask(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
      }).catch((error: Error) => {
        // What a killed midwatch left behind says that it runs.
        if (dataDir !== undefined && codeOf(error) === 'ECONNREFUSED') throw new NotRunningError(dataDir)
        throw new CommandError(1, `midwatch does not answer at ${url}: ${reasonOf(error)}`)
      })
      const text = await response.text()
      if (response.ok) return text === '' ? undefined : parse(text, url)
      throw new CommandError(1, refusalOf(response.status, text, url))
    },
  }
}

function codeOf({ cause }: Error): string | undefined {
  return (cause as { code?: string } | undefined)?.code
}

function reasonOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : (codeOf(error) ?? error.message)
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new CommandError(1, `what answers at ${url} is not midwatch`)
  }
}

/** midwatch's own words out of a problem, and what to do about the commonest. */
function refusalOf(status: number, text: string, url: string): string {
  let detail: unknown
  try {
    const body = JSON.parse(text) as { detail?: unknown; error?: unknown }
    // The addresses that speak like Prometheus call it so.
    detail = body.detail ?? body.error
  } catch {
    detail = undefined
  }
  if (status === 401) return `midwatch at ${url} wants a token; give it with --token or MIDWATCH_TOKEN`
  return typeof detail === 'string' ? detail : `midwatch at ${url} answers ${status}`
}
