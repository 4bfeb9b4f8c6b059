import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { bundleOptions } from '../../build.mjs'
import { nodeFlags, program } from '../support.mjs'
import { ANYTHING, barText, race, verdict } from './compare.mjs'
import { closeLab, historyData, lab } from './lab.mjs'

const SLOS = 50
const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d']
const BARS = { prometheus: 200, victoria: 25 }

/** Rules as Sloth writes them: a group for each objective, in it the share of errors over each window. */
function slothRules() {
  const groups = Array.from({ length: SLOS }, (_, pair) => {
    const id = `pair="${pair}"`
    const rules = WINDOWS.map((window) =>
      [
        `      - record: slo:sli_error:ratio_rate${window}`,
        `        expr: 1 - (sum(rate(ok_total{${id}}[${window}])) / sum(rate(all_total{${id}}[${window}])))`,
        `        labels: { sloth_service: shop, sloth_slo: "${pair}", sloth_id: shop-${pair}, sloth_window: ${window} }`,
      ].join('\n'),
    )
    return `  - name: sloth-slo-sli-recordings-shop-${pair}\n    rules:\n${rules.join('\n')}`
  })
  return `groups:\n${groups.join('\n')}\n`
}

/** The program's own rule path in a process of its own, on a copy of the data. */
async function startEngine(dataFolder) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  cpSync(dataFolder, join(folder, 'data'), { recursive: true })
  symlinkSync(join(dirname(program), 'assets'), join(folder, 'assets'))
  await build({
    ...bundleOptions,
    entryPoints: [join(import.meta.dirname, 'cycle-engine.ts')],
    outfile: join(folder, 'engine.cjs'),
  })
  const child = spawn(
    process.execPath,
    [...nodeFlags, join(folder, 'engine.cjs'), join(folder, 'data'), slothRules()],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    /** One cycle: every rule judged, every result on disk. */
    async cycle(atMs) {
      child.stdin.write(`${atMs}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('the rule engine ended')
      const { ms, values } = JSON.parse(value)
      return { ms, series: new Map(values.map(([name, slo, share]) => [`${name.split('_rate')[1]} ${slo}`, share])) }
    },
    async stop() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The same shares by as few queries as possible: one for each window. */
async function grouped({ client }, atMs) {
  const series = new Map()
  let ms = 0
  for (const window of WINDOWS) {
    const sum = (name) => `sum by (pair) (rate(${name}{in50="yes"}[${window}]))`
    const answer = await client.query(`1 - (${sum('ok_total')} / ${sum('all_total')})`, { time: atMs / 1000 })
    ms += answer.ms
    for (const [key, value] of answer.series) series.set(`${window} ${/"pair","(\d+)"/.exec(key)[1]}`, value)
  }
  return { ms, series }
}

export const ruleCycle = {
  name: `history: a cycle of ${SLOS} objectives x ${WINDOWS.length} windows as rules, stored (peers: ${WINDOWS.length} grouped queries)`,
  bar: barText(BARS),
  close: closeLab,
  async run() {
    const { endMs, ...programs } = await lab()
    const engine = await startEngine((await historyData()).midwatch)
    try {
      // Results are stored in the order of time: each round is later than the one before.
      const startMs = endMs - 21_000_000
      const laterThan = (atMs) => 2 * startMs - atMs
      const ask = (one, atMs, key) =>
        key === 'midwatch' ? engine.cycle(laterThan(atMs)) : grouped(one, laterThan(atMs))
      return verdict(await race({ ...programs, endMs: startMs }, ask, { victoriaWithin: ANYTHING }), BARS)
    } finally {
      await engine.stop()
    }
  },
}
