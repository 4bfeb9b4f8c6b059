import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertmanagerYaml } from '../../../src/config/alertmanager/print.ts'
import { routingOf } from '../../../src/config/routing.ts'
import { readYaml, toValue } from '../../../src/lib/yaml.ts'
import { Labels } from '../../../src/model/labels.ts'
import { formatMatcher } from '../../../src/model/matcher.ts'
import { matchRoutes, type Route } from '../../../src/notify/route.ts'
import { describePeer } from '../../support/peers.ts'
import { loadFine } from '../support.ts'
import { alertLabels, configuration, tree } from './generate.ts'

const run = promisify(execFile)

/** How many alerts are compared; more by hand: MIDWATCH_ROUTES=2000. */
const ALERTS = Number(process.env.MIDWATCH_ROUTES ?? 300)
const ALERTS_PER_TREE = 15
const CONFIGURATIONS = 60
const SEED = 20260301

const INTERVALS = [
  { name: 't0', time_intervals: [] },
  { name: 't1', time_intervals: [] },
]
const RECEIVERS = ['r0', 'r1', 'r2', 'team "x"'].map((name) => ({ name }))

/** JSON is YAML. */
function load(alertmanager: unknown) {
  return loadFine(JSON.stringify({ alertmanager }))
}

/** What counts of a tree, in a shape that can be compared. */
function shapeOf(route: Route): unknown {
  return { ...route, matchers: route.matchers.map(formatMatcher), routes: route.routes.map(shapeOf) }
}

test('what is printed is read back as the same routes, rules and times', () => {
  const compiled = (alertmanager: unknown) => {
    const { root, inhibitRules, timeIntervals, receivers } = routingOf(load(alertmanager))
    const rules = inhibitRules.map(({ source, target, equal }) => [
      source.map(formatMatcher),
      target.map(formatMatcher),
      equal,
    ])
    return { root: shapeOf(root), rules, timeIntervals: [...timeIntervals], receivers: [...receivers] }
  }
  fc.assert(
    fc.property(configuration, (written) => {
      const { root } = readYaml(alertmanagerYaml(load(written)), 'alertmanager.yml')
      if (root === undefined) throw new Error('what is printed is no YAML')
      const printed = toValue(root, { typed: true }) as Record<string, unknown>
      const masked = JSON.stringify(printed).replaceAll('"<secret>"', '"https://hooks.slack.com/services/x"')
      expect(compiled(JSON.parse(masked))).toEqual(compiled(written))
    }),
    { seed: SEED, numRuns: 40 },
  )
})

test('no secret is printed', () => {
  for (const written of fc.sample(configuration, { seed: SEED, numRuns: CONFIGURATIONS })) {
    const text = alertmanagerYaml(load(written))
    expect(text).not.toMatch(/hunter2222|R0UTINGKEY|secret-path|services\/T|u:p@/)
  }
})

describePeer('amtool', (amtool) => {
  async function inFolder<Result>(work: (folder: string) => Promise<Result> | Result): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-amtool-'))
    try {
      return await work(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test(
    `sends ${ALERTS} alerts to the same receivers`,
    async () => {
      const trees = Math.ceil(ALERTS / ALERTS_PER_TREE)
      await inFolder(async (folder) => {
        const cases = fc.sample(tree, { seed: SEED, numRuns: trees }).flatMap((route, i) => {
          const file = join(folder, `${i}.yml`)
          const written = { route, receivers: RECEIVERS, time_intervals: INTERVALS }
          writeFileSync(file, JSON.stringify(written))
          const { root } = routingOf(load(written))
          const alerts = fc.sample(alertLabels, { seed: SEED + i, numRuns: ALERTS_PER_TREE })
          return alerts.map((labels) => ({ file, route, labels, root }))
        })
        const next = cases.slice(0, ALERTS).values()
        const worker = async () => {
          for (const { file, route, labels, root } of next) {
            const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
            const { stdout } = await run('nice', [
              amtool,
              'config',
              'routes',
              'test',
              `--config.file=${file}`,
              ...words,
            ])
            const receivers = matchRoutes(root, Labels.of(labels)).map(({ receiver }) => receiver)
            expect(receivers.join(','), `${JSON.stringify(labels)} in ${JSON.stringify(route)}`).toBe(stdout.trim())
          }
        }
        await Promise.all([worker(), worker()])
      })
    },
    30_000 + ALERTS * 1000,
  )

  test('accepts what is accepted here, and what is printed of it', async () => {
    const written = fc.sample(configuration, { seed: SEED, numRuns: CONFIGURATIONS })
    await inFolder((folder) => {
      const files = written.flatMap((config, i) => {
        const [own, printed] = [join(folder, `${i}.yml`), join(folder, `${i}-printed.yml`)]
        writeFileSync(own, JSON.stringify(config))
        writeFileSync(printed, alertmanagerYaml(load(config)))
        return [own, printed]
      })
      const { status, stdout, stderr } = spawnSync(amtool, ['check-config', ...files], { encoding: 'utf8' })
      expect(stdout + stderr).not.toMatch(/FAILED/)
      expect(status).toBe(0)
    })
  })
})
