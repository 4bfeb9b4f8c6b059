// npm run bench: measures the built program against a peer or a limit in the same run and prints a table.
// -- --json FILE writes [{name, ours, peer, ratio, bar, pass}]; -- --only TEXT runs the rows whose name holds TEXT.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benches } from './bench/registry.mjs'

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } })
const chosen = benches.filter(({ name }) => values.only === undefined || name.includes(values.only))
// Whoever gives up leaves no program running: those that were started are stopped at the exit.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const text = (value) => (value === null ? '–' : value === true ? 'yes' : value === false ? 'NO' : String(value))
const rows = []
for (const { name, bar, run } of chosen) {
  process.stderr.write(`${name} …\n`)
  try {
    const { ours, peer = null, ratio = null, pass } = await run()
    rows.push({ name, ours, peer, ratio, bar, pass })
    process.stderr.write(`  ${[ours, peer, ratio, pass].map(text).join('  ')}\n`)
  } catch (error) {
    process.stderr.write(`  ${error.stack}\n`)
    rows.push({ name, ours: null, peer: null, ratio: null, bar, pass: false })
  }
}
// What several rows share stays open until the last of them is done.
for (const close of new Set(chosen.map(({ close }) => close))) await close?.()
const columns = ['name', 'ours', 'peer', 'ratio', 'bar', 'pass']
const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => text(row[column]).length)))
const line = (cells) => cells.map((cell, i) => cell.padEnd(widths[i])).join('  ')
console.log(line(columns))
for (const row of rows) console.log(line(columns.map((column) => text(row[column]))))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
process.exitCode = rows.every(({ pass }) => pass) ? 0 : 1
