import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { scrapeConfigs } from '../../../src/probe/scrape/config.ts'
import { TargetFiles } from '../../../src/probe/scrape/file-discovery.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { fakeTarget, scraping } from './support.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'midwatch-targets-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function started(...files: string[]) {
  const [config] = scrapeConfigs.parse([{ job_name: 'x', file_sd_configs: [{ files, refresh_interval: '1m' }] }])
  const errors: string[] = []
  const clock = new ManualClock()
  let changes = 0
  let changed = () => {}
  const found = new TargetFiles(config!.fileDiscoveries[0]!, {
    clock,
    baseFolder: folder,
    onChange: () => {
      changes++
      changed()
    },
    onError: (error) => errors.push(error.message.replace(folder, '')),
  })
  await found.start()
  return {
    errors,
    clock,
    addresses: () => found.groups.flatMap(({ targets }) => targets),
    groups: () => found.groups,
    refresh: () => found.refresh(),
    changes: () => changes,
    nextChange: () =>
      new Promise<void>((resolve) => {
        changed = resolve
      }),
    [Symbol.asyncDispose]: () => found.stop(),
  }
}

test('reads JSON and YAML, by names and by a star, relative to the folder of the config', async () => {
  await writeFile(join(folder, 'one.json'), '[{"targets": ["a:1", "b:1"], "labels": {"env": "prod"}}]')
  await writeFile(join(folder, 't-2.yml'), '- targets: [c:1]\n  labels: {port: 0080, on: yes}\n- targets: [d:1]\n')
  await writeFile(join(folder, 't-1.yaml'), '')
  await writeFile(join(folder, 'other.yml'), '- targets: [no:1]\n')
  await using found = await started('one.json', 't-*.yml', 't-*.yaml', 'missing.yml', 'nowhere/*.yml')
  expect(found.groups()).toEqual([
    { targets: ['a:1', 'b:1'], labels: { env: 'prod' }, source: { __meta_filepath: join(folder, 'one.json') } },
    { targets: ['c:1'], labels: { port: '0080', on: 'yes' }, source: { __meta_filepath: join(folder, 't-2.yml') } },
    { targets: ['d:1'], labels: {}, source: { __meta_filepath: join(folder, 't-2.yml') } },
  ])
  expect(found.errors).toEqual([])
})

test('notices a change at once where the system tells of it', async () => {
  await writeFile(join(folder, 'a.yml'), '- targets: [a:1]\n')
  await using found = await started('*.yml')
  const change = found.nextChange()
  await writeFile(join(folder, 'b.tmp'), '- targets: [b:1]\n')
  await rename(join(folder, 'b.tmp'), join(folder, 'b.yml'))
  await change
  expect(found.addresses()).toEqual(['a:1', 'b:1'])
})

test('looks again at each refresh interval, also for folders that were not there', async () => {
  await using found = await started('later/a.yml')
  expect(found.addresses()).toEqual([])
  await mkdir(join(folder, 'later'))
  await writeFile(join(folder, 'later', 'a.yml'), '- targets: [a:1]\n')
  const change = found.nextChange()
  await found.clock.advance(60_000)
  await change
  expect(found.addresses()).toEqual(['a:1'])
})

test('keeps the last good targets of a file that is broken, and drops those of one that is gone', async () => {
  await writeFile(join(folder, 'a.yml'), '- targets: [a:1]\n')
  await writeFile(join(folder, 'b.json'), '[{"targets": ["b:1"]}]')
  await using found = await started('a.yml', 'b.json')
  await writeFile(join(folder, 'a.yml'), '- targets: [a:1\n')
  await found.refresh()
  expect(found.addresses()).toEqual(['a:1', 'b:1'])
  expect(found.errors.at(-1)).toMatch(/^\/a\.yml:\d+:\d+: /)
  await writeFile(join(folder, 'b.json'), '[{"targets": ["b:1"], "label": {}}]')
  await found.refresh()
  expect(found.errors.at(-1)).toBe('/b.json: [0] Unrecognized key: "label"')
  await writeFile(join(folder, 'b.json'), '{')
  await found.refresh()
  expect(found.errors.at(-1)).toContain('/b.json: not JSON')
  await unlink(join(folder, 'b.json'))
  await found.refresh()
  expect(found.addresses()).toEqual(['a:1'])
})

test('brings targets to the scraper and takes them away', async () => {
  await using first = await fakeTarget('a 1\n')
  await using second = await fakeTarget('a 1\n')
  const write = (addresses: string[]) =>
    writeFile(join(folder, 't.json'), JSON.stringify([{ targets: addresses, labels: { env: 'x' } }]))
  await write([first.address])
  await using run = await scraping([{ job_name: 'files', file_sd_configs: [{ files: ['t.json'] }] }], {
    baseFolder: folder,
  })
  await run.round()
  const values = (address: string) => run.sink.values(`a{env="x", instance="${address}", job="files"}`)
  expect(values(first.address)).toEqual([1])
  await write([second.address])
  await run.sink.until(() => values(first.address).at(-1) === 'stale')
  // The loop of the new target and the one that looks at the files again.
  await run.clock.untilSleeping(2)
  await run.round()
  expect(values(first.address)).toEqual([1, 'stale'])
  expect(values(second.address)).toEqual([1])
})
