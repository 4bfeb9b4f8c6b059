import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readKpiFiles } from '../../src/config/kpis.ts'
import { loadConfig } from '../../src/config/load.ts'
import { compileSlos } from '../../src/objective/compile-all.ts'
import { readSpecs } from '../../src/objective/spec/read.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { Midwatch, tempFolder, until } from '../e2e/midwatch.ts'
import { type Block, blocksOf, pages } from '../support/markdown.ts'
import { freePort } from '../support/peers.ts'
import { Shell } from '../support/shell.ts'

const all = pages().flatMap(blocksOf)

function named(name: RegExp): readonly Block[] {
  return all.filter(({ language, text }) => language === 'yaml' && name.test(text.split('\n')[0] as string))
}

describe('examples of midwatch.yml', () => {
  test('are there', () => {
    expect(named(/^# midwatch\.yml/).length).toBeGreaterThan(20)
  })

  test.each(named(/^# midwatch\.yml/))('$place loads without a remark', ({ text }) => {
    const references = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name)
    const env = Object.fromEntries(references.map((name) => [name, sampleOf(name)]))
    const readFile = (path: string) => (path === 'midwatch.yml' ? text : 'a-secret-that-is-long-enough')
    const { problems } = loadConfig({ file: 'midwatch.yml', env, readFile })
    expect(problems).toEqual([])
  })
})

function sampleOf(name: string): string {
  if (name.endsWith('_SIGNING_SECRET')) return `whsec_${Buffer.alloc(32).toString('base64')}`
  return name.endsWith('_URL') ? 'https://hooks.slack.com/services/T0/B0/x' : 'a-secret-that-is-long-enough'
}

test.each(named(/^# rules\//))('the rules of $place are rules', ({ text, place }) => {
  const { groups, problems } = readRuleFile(text, place)
  expect(problems).toEqual([])
  expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(0)
})

test.each(named(/^# slos\//))('the SLOs of $place compile without a remark', ({ text, place }) => {
  const { slos, windows, problems } = readSpecs([{ file: place, text }])
  const { compiled, problems: more } = compileSlos(slos, { version: '1', windows })
  expect([...problems, ...more]).toEqual([])
  expect(compiled.length).toBeGreaterThan(0)
})

test.each(named(/^# kpis\.yml/))('the KPIs of $place are KPIs', ({ text, place }) => {
  expect(readKpiFiles([{ file: place, text }]).problems).toEqual([])
})

test.each(all.filter(({ language }) => language === 'json'))('$place is JSON', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow()
})

describe('the first minutes with midwatch, as the README tells them', () => {
  const [setUp, ...steps] = blocksOf('README.md').filter(
    ({ language, text }) => language === 'sh' && !text.startsWith('npm '),
  )

  test('lead to an alert, a sum, a heartbeat and a journey', async () => {
    using folder = tempFolder()
    await using shell = new Shell(folder.path)
    const shopPort = await freePort()
    const begun = await shell.run((setUp as Block).text.replaceAll('8000', String(shopPort)))
    expect(begun).toMatchObject({ trouble: '' })

    await using midwatch = await Midwatch.start(folder.path, { env: { MIDWATCH_EVALUATION_CRON: '* * * * * *' } })
    await until(async () => {
      const { checks } = await midwatch.get<{ checks: Record<string, { status: string }> }>('/health')
      return checks.shop?.status === 'healthy'
    }, 'the shop to be healthy')
    // Half a minute is for the evaluations in the README; here there is one every second.
    await shell.run(`sleep() { until command curl -s ${midwatch.url}/api/v1/alerts | grep -q CheckDown; do :; done; }`)

    const statuses: number[] = []
    let out = ''
    for (const { text, place } of steps) {
      const here = text
        .replaceAll('http://127.0.0.1:8420', midwatch.url)
        .replaceAll('npm run --silent midwatch --', 'midwatch')
      const said = await shell.run(here)
      expect({ place, trouble: said.trouble }).toEqual({ place, trouble: '' })
      statuses.push(...said.statuses)
      out += said.out
    }
    const [first, second, ...others] = statuses
    expect([first, second]).toEqual([200, 503])
    expect(new Set(others)).toEqual(new Set([200]))
    expect(out).toContain('connection refused: nothing listens there')
    expect(out).toMatch(/"alertname":"CheckDown".*"state":"pending"/)
    expect(out).toContain('"labels":{"job":"push"},"value":1')
    expect(out).toMatch(/order\.created +shop +order\/1001/)
  }, 180_000)
})

/** Pages whose commands are tested elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'docs/how-to/install.md': 'it installs',
  'docs/how-to/run-in-a-container.md': 'it needs a container engine',
  'docs/how-to/scrape-with-prometheus.md': 'it needs a Prometheus, and has a test of its own',
  'docs/how-to/test-rules.md': 'it has a test of its own',
}

/** The rule files that a page shows, by their paths; the last of a name counts. */
function ruleFilesOf(page: string): ReadonlyMap<string, string> {
  const shown = blocksOf(page).flatMap(({ text }) => {
    const path = /^# (rules\/\S+\.yml)/.exec(text)?.[1]
    return path === undefined ? [] : [[path, text] as const]
  })
  return new Map(shown)
}

const CONFIG = `
checks:
  - { name: nightly-backup, heartbeat: { period: 1d, grace: 1h } }
`

const walks = pages()
  .filter((page) => page.startsWith('docs/how-to/') && !Object.hasOwn(ELSEWHERE, page))
  .map((page) => ({
    page,
    blocks: blocksOf(page).filter(({ language }) => language === 'sh'),
    slos: blocksOf(page).flatMap(({ text }) => {
      const file = /^# (slos\/\S+)/.exec(text)?.[1]
      return file === undefined ? [] : [{ file, text }]
    }),
  }))
  .filter(({ blocks }) => blocks.length > 0)

describe('commands of the how-to pages', () => {
  test.each(walks)(
    '$page: all work, and every address answers with 2xx',
    async ({ page, blocks, slos }) => {
      using folder = tempFolder()
      for (const name of ['rules', 'slos']) mkdirSync(join(folder.path, name))
      for (const { file, text } of slos) writeFileSync(join(folder.path, file), text)
      writeFileSync(join(folder.path, 'rules', 'none.yml'), 'groups: []\n')
      for (const [path, text] of ruleFilesOf(page)) writeFileSync(join(folder.path, path), text)
      await using midwatch = await Midwatch.start(folder.path, { config: CONFIG })
      await using shell = new Shell(folder.path)
      for (const { text, place } of blocks) {
        const { statuses, trouble } = await shell.run(text.replaceAll('http://127.0.0.1:8420', midwatch.url))
        const refused = statuses.filter((status) => status < 200 || status > 299)
        // What the commands say on standard error besides failures is for people.
        const failed = trouble.split('\n').filter((line) => /^failed:|^curl:/.test(line))
        expect({ place, refused, failed }).toEqual({ place, refused: [], failed: [] })
      }
    },
    180_000,
  )
})
