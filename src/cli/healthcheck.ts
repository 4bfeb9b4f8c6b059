import { get } from 'node:http'
import { defineCommand } from 'citty'
import { RUN_FILE, readRunFile } from '../app/run-file.ts'
import { CommandError } from './command-error.ts'

const DEADLINE_MS = 5000

/** Kept to few imports: containers start it every few seconds. */
export const healthcheck = defineCommand({
  args: {
    url: { type: 'string', description: 'Where midwatch listens (as the data folder says)', valueHint: 'URL' },
    data: { type: 'string', description: 'The folder for the data (./data)', valueHint: 'DIR' },
  },
  async run({ args }) {
    const base = args.url === undefined ? urlOf(args.data) : args.url
    const status = await statusOf(addressOf(base)).catch((error: Error) => {
      throw new CommandError(1, `midwatch does not answer at ${base}: ${error.message}`)
    })
    if (status !== 200) throw new CommandError(1, `midwatch answers ${status} at ${base}`)
    process.stdout.write(`midwatch is alive at ${base}\n`)
  },
})

function urlOf(data: string | undefined): string {
  const folder = data ?? (process.env.MIDWATCH_DATA || process.env.MIDWATCH_STORAGE_DATA || 'data')
  const running = readRunFile(folder)
  if (running !== undefined) return running.url
  throw new CommandError(
    1,
    `no midwatch runs with the data folder ${folder} (there is no ${RUN_FILE} in it); name its folder with --data or its address with --url`,
  )
}

/** @throws CommandError when the text is not the address of a server */
function addressOf(base: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined
  if (url?.protocol !== 'http:') {
    throw new CommandError(2, `--url ${base} is not an address of midwatch; write one like http://127.0.0.1:8420`)
  }
  return new URL('health/live', url.href.endsWith('/') ? url : `${url.href}/`)
}

async function statusOf(url: URL): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const call = get(url, { agent: false, signal }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.once('error', (error) =>
      reject(signal.aborted ? new Error(`no answer within ${DEADLINE_MS / 1000} s`, { cause: error }) : error),
    )
  })
}
