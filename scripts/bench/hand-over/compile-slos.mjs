import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../history/programs.mjs'
import { median, program } from '../support.mjs'

const SLOS = 1000
const SLOS_A_SERVICE = 20
const LIMIT_SECONDS = 1
const RUNS = 5

/** SLO files as a company would have them: a file for each service. */
function writeSlos(folder) {
  for (let service = 0; service < SLOS / SLOS_A_SERVICE; service++) {
    const slos = Array.from({ length: SLOS_A_SERVICE }, (_, i) => {
      const series = `http_requests_total{job="service-${service}",route="/r${i}"}`
      return `  - name: route-${i}
    objective: ${99 + (i % 9) / 10}
    description: Requests of route ${i} that are answered without an error.
    labels: { route: r${i} }
    sli:
      events:
        error_query: sum(rate(${series.replace('}', ',code=~"5.."}')}[{{.window}}]))
        total_query: sum(rate(${series}[{{.window}}]))
    alerting:
      name: Service${service}Route${i}
      labels: { category: availability }
      annotations: { runbook_url: https://wiki.example.org/${service} }
      page_alert: { labels: { routing: oncall } }
      ticket_alert: { labels: { routing: backlog } }`
    })
    const head = `version: prometheus/v1\nservice: service-${service}\nlabels: { team: t${service % 7} }\nslos:\n`
    writeFileSync(join(folder, `service-${service}.yml`), `${head}${slos.join('\n')}\n`)
  }
}

export const sloCompilation = {
  name: `midwatch slo compile of ${SLOS.toLocaleString('en')} SLOs, from files to rules, s (beyond the start of the program)`,
  bar: `<= ${LIMIT_SECONDS}`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    writeSlos(folder)
    const secondsOf = async (...args) => {
      const startMs = performance.now()
      await runProgram(process.execPath, [program, ...args])
      return (performance.now() - startMs) / 1000
    }
    const seconds = []
    for (let run = 0; run < RUNS; run++) {
      const start = await secondsOf('--version')
      seconds.push((await secondsOf('slo', 'compile', folder)) - start)
    }
    rmSync(folder, { recursive: true, force: true })
    const ours = median(seconds)
    return { ours: ours.toFixed(2), pass: ours <= LIMIT_SECONDS }
  },
}
