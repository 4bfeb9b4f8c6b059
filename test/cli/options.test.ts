import { expect, test } from 'vitest'
import { commands } from '../../src/cli/registry.ts'
import { midwatch } from '../support/cli.ts'

test('an option that a command does not have is refused, with the one that may be meant', async () => {
  const { out, err, code } = await midwatch(['slo', 'compile', 'slos.yml', '--sloth-exakt'])
  expect({ out, err, code }).toEqual({
    out: '',
    err: '--sloth-exakt is no option of this command; did you mean "--sloth-exact"?\n',
    code: 2,
  })
  expect((await midwatch(['slo', '--jsn'])).err).toContain('did you mean "--json"?')
  expect((await midwatch(['check', '-x'])).err).toContain('-x is no option')
  expect((await midwatch(['export', 'dir', '--no-prometheus-address'])).err).toContain('is no option')
})

test('the value of an option may look like one, and so may what stands behind two dashes', async () => {
  const value = await midwatch([
    'slo',
    'compile',
    'nowhere.yml',
    '--sloth-version',
    '--x',
    '--no-alerts',
    '--promqlCheck',
  ])
  expect(value.err).toContain("nowhere.yml can't be read")
  expect((await midwatch(['slo', 'compile', '--', '--nowhere.yml'])).err).toContain("--nowhere.yml can't be read")
})

test.each(Object.keys(commands))('%s refuses an option that is none', async (name) => {
  expect((await midwatch([name, '--no-such-thing'])).err).toContain('--no-such-thing is no option of this command')
})

test('a word that is no command is named without colours, which only a terminal shows', async () => {
  expect((await midwatch(['slo', 'complie'])).err).toBe('Unknown command complie\nSee midwatch --help.\n')
})
