// npm run compare: plays generated scenarios side by side in the built midwatch and in Prometheus (rules) or Alertmanager
// (telling), and prints for each what was compared and the first difference.
// -- --only rules|telling runs one kind; -- --seed N --count N choose the scenarios, 40 from 0 on unless told.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const options = { only: { type: 'string' }, seed: { type: 'string' }, count: { type: 'string' } }
const { values } = parseArgs({ options })
const wanted = { only: values.only, seed: Number(values.seed ?? 0), count: Number(values.count ?? 40) }
if (!Number.isInteger(wanted.seed) || !Number.isInteger(wanted.count) || wanted.count < 1) {
  console.error('--seed and --count take whole numbers')
  process.exit(2)
}
const bundle = join(root, '.cache/compare/main.mjs')
await build({
  absWorkingDir: root,
  entryPoints: ['test/compare/main.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
  // Where the built program is found from.
  define: { 'import.meta.dirname': JSON.stringify(join(root, 'test/e2e')) },
})
const { main } = await import(pathToFileURL(bundle).href)
// Whoever gives up leaves no program running: those that were started are stopped at the exit.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
try {
  process.exit((await main(wanted)) ? 0 : 1)
} catch (error) {
  console.error(error.message)
  process.exit(2)
}
