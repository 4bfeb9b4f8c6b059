import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyData } from '../history/lab.mjs'
import { runProgram } from '../history/programs.mjs'
import { median, program } from '../support.mjs'

const CHECKS = 200
const RULES = 500
const LIMIT_SECONDS = 2
const RUNS = 5

/** 200 checks of four kinds and 500 rules, as files in a folder. */
function writeConfig(folder) {
  const kinds = [
    (i) => `http: "https://shop-${i}.example.org/health", expect: { json: { status: ok } }`,
    (i) => `tcp: "db-${i}.internal:5432"`,
    (i) => `tls: "ldap-${i}.internal:636"`,
    (i) => `smtp: "mail-${i}.internal:587", starttls: true`,
  ]
  const checks = Array.from({ length: CHECKS }, (_, i) => `  - { name: check-${i}, ${kinds[i % kinds.length](i)} }`)
  writeFileSync(join(folder, 'midwatch.yml'), `checks:\n${checks.join('\n')}\nrule_files: [rules/*.yml]\n`)
  const rules = Array.from(
    { length: RULES },
    (_, i) =>
      `      - { alert: A${i}, expr: 'rate(m${i}_total{job="x"}[5m]) > ${i}', for: 5m, labels: { severity: low } }`,
  )
  mkdirSync(join(folder, 'rules'))
  writeFileSync(join(folder, 'rules/own.yml'), `groups:\n  - name: own\n    rules:\n${rules.join('\n')}\n`)
}

export const exportTime = {
  name: `export of ${CHECKS} checks and ${RULES} rules, s`,
  bar: `<= ${LIMIT_SECONDS}`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    writeConfig(folder)
    const seconds = []
    for (let run = 0; run < RUNS; run++) {
      const startMs = performance.now()
      const args = [
        'export',
        join(folder, 'out'),
        '--config',
        join(folder, 'midwatch.yml'),
        '--data',
        join(folder, 'data'),
      ]
      await runProgram(process.execPath, [program, ...args])
      seconds.push((performance.now() - startMs) / 1000)
    }
    rmSync(folder, { recursive: true, force: true })
    const ours = median(seconds)
    return { ours: ours.toFixed(2), pass: ours <= LIMIT_SECONDS }
  },
}

const LEAST_SAMPLES_A_SECOND = 1_000_000
/** What it holds may not grow with the history: the caches are at most so much. */
const MOST_MEGABYTES = 500

export const historyExport = {
  name: 'export of 30 days of 300 series as OpenMetrics, samples/s and peak memory in MB',
  bar: `>= ${LEAST_SAMPLES_A_SECOND}, <= ${MOST_MEGABYTES}`,
  async run() {
    const { midwatch, samples } = await historyData()
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    writeFileSync(join(folder, 'midwatch.yml'), '{}')
    const peak = join(folder, 'peak')
    const args = [
      'export',
      join(folder, 'out'),
      '--config',
      join(folder, 'midwatch.yml'),
      '--data',
      midwatch,
      '--history',
    ]
    const code = `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS / 1024)))`
    const hook = join(folder, 'peak.cjs')
    writeFileSync(hook, code)
    const startMs = performance.now()
    await runProgram(process.execPath, ['--require', hook, program, ...args])
    const rate = samples / ((performance.now() - startMs) / 1000)
    const megabytes = Number(readFileSync(peak, 'utf8'))
    rmSync(folder, { recursive: true, force: true })
    return {
      ours: `${Math.round(rate)}, ${megabytes.toFixed(0)}`,
      pass: rate >= LEAST_SAMPLES_A_SECOND && megabytes <= MOST_MEGABYTES,
    }
  },
}
