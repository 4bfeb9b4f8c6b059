import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatProblem } from '../../../src/model/problem.ts'
import { describePeer } from '../../support/peers.ts'
import { load, loadFine } from '../support.ts'
import { broken } from './broken.ts'
import { newer, stricter } from './different.ts'

const FILES = { key: 'R0UTINGKEY', address: 'http://hooks.example.org/x' }

function underAlertmanager(text: string): string {
  return `alertmanager:\n${text.replace(/^(?=.)/gm, '  ')}`
}

/** What midwatch says, with lines and columns as they are in Alertmanager's own file. */
function said(text: string): string[] {
  const { config, problems } = load(underAlertmanager(text), { files: FILES })
  expect(config).toBeUndefined()
  return problems.map(({ line = 0, column = 0, ...problem }) =>
    formatProblem({ ...problem, file: String(line - 1), line: column - 2 }),
  )
}

describe('what Alertmanager refuses', () => {
  test.each(broken)('says what is wrong, where, and what to write instead: $name', ({ text, says }) => {
    expect(said(text)).toEqual([says].flat())
  })
})

describe('what midwatch can’t do, or would fail at night', () => {
  test.each(stricter)('is refused with the reason: $name', ({ text, says }) => {
    expect(said(text)).toEqual([says].flat())
  })
})

test.each(newer)('takes what newer Alertmanagers take: $name', ({ text }) => {
  loadFine(underAlertmanager(text), { files: FILES })
})

describePeer('amtool', (amtool) => {
  /** Of each text, whether `amtool check-config` accepts it. */
  function accepted(texts: readonly { readonly name: string; readonly text: string }[]): Record<string, boolean> {
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-amtool-'))
    try {
      const files = texts.map((_, i) => join(folder, `${i}.yml`))
      for (const [i, { text }] of texts.entries()) writeFileSync(files[i] as string, text)
      const { stdout, stderr } = spawnSync(amtool, ['check-config', ...files], { encoding: 'utf8' })
      const verdicts = texts.map(({ name }, i): [string, boolean] => {
        const verdict = new RegExp(`Checking '${files[i]}'\\s+(SUCCESS|FAILED)`).exec(stdout + stderr)?.[1]
        if (verdict === undefined) throw new Error(`amtool says nothing of ${name}:\n${stdout}${stderr}`)
        return [name, verdict === 'SUCCESS']
      })
      return Object.fromEntries(verdicts)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  function all(texts: readonly { readonly name: string }[], verdict: boolean) {
    return Object.fromEntries(texts.map(({ name }) => [name, verdict]))
  }

  test('refuses what is refused here', () => {
    expect(accepted(broken)).toEqual(all(broken, false))
  })

  test('differs where it is said to differ', () => {
    expect(accepted(stricter)).toEqual(all(stricter, true))
    expect(accepted(newer)).toEqual(all(newer, false))
  })
})
