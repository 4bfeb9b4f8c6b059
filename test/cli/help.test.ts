import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCli } from '../../src/cli/cli.ts'
import { commands } from '../../src/cli/registry.ts'

let printed = ''

beforeEach(() => {
  printed = ''
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    printed += `${text}\n`
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('lists every command with its description, without loading the code of any', async () => {
  const loads = Object.values(commands).map((entry) => vi.spyOn(entry, 'load'))
  await runCli(['--help'])
  for (const [name, { description }] of Object.entries(commands)) {
    expect(printed).toContain(name)
    expect(printed).toContain(description)
  }
  for (const load of loads) expect(load).not.toHaveBeenCalled()
})

test.each(Object.entries(commands))('shows the help of %s under its name', async (name, { description }) => {
  await runCli([name, '--help'])
  expect(printed).toContain(`${description} (midwatch ${name}`)
})

test('shows the overview for a word that is no command, even one that every object has', async () => {
  await runCli(['toString', '--help'])
  expect(printed).toContain('COMMANDS')
})

test.each(['wacth', 'toString'])('exits 2 for %s, which is no command', async (word) => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await runCli([word])
  expect(process.exitCode).toBe(2)
})
