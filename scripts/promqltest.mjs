// Runs files in the test language of Prometheus through the engine: `npm run test:promql`. PROMQLTEST_DIR names their folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const folder = resolve(process.env.PROMQLTEST_DIR ?? join(root, '../shared/promqltest'))
if (!existsSync(folder)) {
  console.error(`no folder ${folder}; name one with files *.test in PROMQLTEST_DIR`)
  process.exit(2)
}
const bundle = join(root, '.cache/promqltest/runner.mjs')
await build({
  absWorkingDir: root,
  entryPoints: ['test/promql/promqltest.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
const { runTestFile } = await import(pathToFileURL(bundle).href)

let passed = 0
let failed = 0
for (const file of readdirSync(folder, { recursive: true }).sort()) {
  if (!file.endsWith('.test')) continue
  const report = await runTestFile(file, readFileSync(join(folder, file), 'utf8'))
  passed += report.passed
  failed += report.failures.length
  for (const { line, expression, message } of report.failures) {
    console.log(`${join(folder, file)}:${line}: ${expression}\n  ${message}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
