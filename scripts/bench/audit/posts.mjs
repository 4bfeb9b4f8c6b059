import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median, runMidwatch } from '../support.mjs'
import { bundleSources } from './bundle.mjs'

const run = promisify(execFile)

const CONNECTIONS = 64
const ROUNDS = 5
const SECONDS = 6
const WARM_UP_SECONDS = 5
const LEAST_SHARE = 0.6
const P99_LIMIT_MS = 40

const PROGRAM = `
  import { runCli } from './cli/cli.ts'
  void runCli(process.argv.slice(2))`

/** The same program, but that an audit record counts as written at once: what answering alone takes. */
const WRITES_NOTHING = `
  import { appendAudit } from './store/audit.ts'
  import { Writer } from './store/writer.ts'
  const { run } = Writer.prototype
  Writer.prototype.run = function (operation, args) {
    return operation === appendAudit ? Promise.resolve(0) : run.call(this, operation, args)
  }
  ${PROGRAM}`

/** One record a request, of 330 bytes, with a resource of its own. */
const LUA = `
local body = '{"event":"order.created","actor":"customer-4711","action":"create","resource":"order/%07d","outcome":"success","duration_ms":12.5,"attributes":{"amount":1299,"currency":"EUR","channel":"web","region":"eu-west-1","items":[{"sku":"A-1001","count":2},{"sku":"B-2002","count":1}],"shipping":"express","note":"left at the door"}}'
local requests = {}
local next = 0
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
init = function() for i = 0, 999 do requests[i] = wrk.format(nil, nil, nil, string.format(body, i)) end end
request = function() next = (next + 1) % 1000 return requests[next] end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"microseconds":%d,"p99":%d,"errors":%d}', summary.requests, summary.duration, latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end`

/** Posts for some seconds over kept connections; requests a second and the 99th percentile in milliseconds. */
async function post(url, script, seconds) {
  const { stdout } = await run('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, `${url}/api/v1/audit`])
  const { requests, microseconds, p99, errors } = JSON.parse(/\{"requests".*\}/.exec(stdout)[0])
  if (errors > 0) throw new Error(`${errors} of ${requests} requests failed`)
  return { requests, rate: requests / (microseconds / 1e6), p99Ms: p99 / 1000 }
}

async function start(file, folder) {
  writeFileSync(join(folder, 'midwatch.yml'), '{}')
  return runMidwatch(folder, file)
}

async function newestRecord(url) {
  const { items } = await (await fetch(`${url}/api/v1/audit?page_size=1`)).json()
  return items[0]?.seq ?? 0
}

export const auditPosts = {
  name: 'durable POSTs of one audit record over 64 connections, a second (peer: the same program, writing nothing); p99 ms',
  bar: `>= ${LEAST_SHARE} of the peer; p99 <= ${P99_LIMIT_MS}`,
  async run() {
    const { files, remove } = await bundleSources({ durable: PROGRAM, nothing: WRITES_NOTHING })
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'midwatch-bench-')))
    const script = join(folders[0], 'post.lua')
    writeFileSync(script, LUA)
    const programs = []
    try {
      const [durable, nothing] = [await start(files.durable, folders[0]), await start(files.nothing, folders[1])]
      programs.push(durable, nothing)
      let posted = 0
      const measure = async ({ url }, seconds) => {
        const round = await post(url, script, seconds)
        if (url === durable.url) posted += round.requests
        return round
      }
      for (const each of programs) await measure(each, WARM_UP_SECONDS)
      const rounds = []
      for (let i = 0; i < ROUNDS; i++) {
        // In turn, and each first as often: whatever else the machine does meets both.
        const order = i % 2 === 0 ? [durable, nothing] : [nothing, durable]
        const results = new Map()
        for (const each of order) results.set(each, await measure(each, SECONDS))
        const [ours, peer] = [results.get(durable), results.get(nothing)]
        process.stderr.write(
          `  ${ours.rate.toFixed(0)}/s, p99 ${ours.p99Ms.toFixed(1)} ms; writing nothing ${peer.rate.toFixed(0)}/s, p99 ${peer.p99Ms.toFixed(1)} ms\n`,
        )
        rounds.push({ ours, peer })
      }
      if ((await newestRecord(durable.url)) < posted) throw new Error('fewer records are there than were answered for')
      if ((await newestRecord(nothing.url)) > 0) throw new Error('the peer wrote something')
      const share = median(rounds.map(({ ours, peer }) => ours.rate / peer.rate))
      const p99Ms = median(rounds.map(({ ours }) => ours.p99Ms))
      const rate = median(rounds.map(({ ours }) => ours.rate))
      return {
        ours: `${Math.round(rate)}; ${p99Ms.toFixed(1)}`,
        peer: Math.round(median(rounds.map(({ peer }) => peer.rate))),
        ratio: share.toFixed(2),
        pass: share >= LEAST_SHARE && p99Ms <= P99_LIMIT_MS,
      }
    } finally {
      for (const each of programs) await each.end('SIGKILL')
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
      remove()
    }
  },
}
