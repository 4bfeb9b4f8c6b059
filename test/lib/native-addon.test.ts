import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addonName, unpack } from '../../src/lib/native-addon.ts'
import { addonOption } from '../../src/store/database.ts'

const addon = readFileSync(join('node_modules/better-sqlite3/prebuilds', addonName().replace('sqlite/', '')))

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'midwatch-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe.runIf(process.platform === 'linux')('unpacking the SQLite addon', () => {
  test('gives a path from which SQLite loads, and leaves no file behind', () => {
    const path = unpack(addon, [folder])
    expect(readdirSync(folder)).toEqual([])
    const db = new Database(':memory:', addonOption(path))
    expect(db.prepare('SELECT 6 * 7').pluck().get()).toBe(42)
    db.close()
  })

  test('passes over a folder that can not be written', () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    const good = join(folder, 'made-when-needed')
    expect(unpack(addon, [file, good])).toMatch(/^\/proc\/self\/fd\/\d+$/)
    expect(readdirSync(good)).toEqual([])
  })

  test('names TMPDIR and the reason of each folder when none will do', () => {
    const file = join(folder, 'a-file')
    const empty = join(folder, 'empty')
    writeFileSync(file, '')
    mkdirSync(empty)
    const noAddon = Buffer.from('not a library')
    expect(() => unpack(noAddon, [file, empty])).toThrow(/TMPDIR.*a-file can't be used: .*; .*empty can't be used: /)
    expect(readdirSync(empty)).toEqual([])
  })
})
