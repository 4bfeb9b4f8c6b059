import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeRunFile } from '../../src/app/run-file.ts'
import { listen } from '../../src/web/server.ts'
import { folderWith } from '../rule/unit-test/folder.ts'
import { midwatch } from '../support/cli.ts'
import { testWeb } from '../support/web.ts'

const SHOP = `groups:
  - name: orders
    interval: 1m
    rules:
      - alert: NoOrders
        expr: |
          orders == 0
        for: 5m
        labels: { severity: "0.10" }
  - name: sums
    rules: [{ record: shop:orders, expr: sum(orders) }]
`

/** A midwatch that listens, a folder of files, and commands that find both. */
async function running() {
  const web = await testWeb()
  const listening = await listen(web.web, '127.0.0.1', 0)
  writeRunFile(web.dataDir, { url: listening.url, pid: process.pid, token: web.context.localToken })
  const files = folderWith({
    'shop.yml': SHOP,
    'fewer.yml': 'groups: [{ name: sums, rules: [{ record: shop:orders, expr: sum(orders) }] }]\n',
    'broken.yml': 'groups:\n  - name: a\n    rules: [{ record: r, expr: x + }]\n',
  })
  onTestFinished(async () => {
    await listening.close()
    await web[Symbol.asyncDispose]()
    files[Symbol.dispose]()
  })
  return (...args: string[]) => {
    const paths = args.map((arg) => (/^\w+\.yml$/.test(arg) ? join(files.path, arg) : arg))
    return midwatch(['rules', ...paths, '--data', web.dataDir])
  }
}

test('keeps a rule file, lists its groups, gives it back, and deletes it', async () => {
  const rules = await running()
  expect(await rules('list')).toMatchObject({ code: 0, out: '(no groups; those of rule files are in the files)\n' })
  expect(await rules('set', 'shop.yml')).toMatchObject({ code: 0, out: '2 groups kept under shop\n' })
  expect((await rules('list')).out).toBe(`NAMESPACE  GROUP   RULES  CHANGED                   BY
shop       orders  1      2026-01-01T00:00:00.000Z  local
shop       sums    1      2026-01-01T00:00:00.000Z  local
`)
  expect((await rules('get', 'shop')).out).toBe(`groups:
  - name: orders
    interval: 1m
    rules:
      - alert: NoOrders
        expr: |
          orders == 0
        for: 5m
        labels:
          severity: "0.10"
  - name: sums
    rules:
      - record: shop:orders
        expr: sum(orders)
`)
  expect((await rules('get', 'shop', 'sums')).out).not.toContain('orders\n    interval')
  expect(JSON.parse((await rules('list', '--json')).out)).toMatchObject([
    { name: 'orders', version: 1 },
    { version: 2 },
  ])
  expect(await rules('delete', 'shop', 'sums')).toMatchObject({ code: 0, out: '1 group deleted\n' })
  expect(await rules('delete', 'shop')).toMatchObject({ code: 0, out: '1 group deleted\n' })
  expect(await rules('delete', 'shop')).toMatchObject({ code: 1, err: 'no group is kept in shop\n' })
  expect(await rules('get', 'shop')).toMatchObject({ code: 1, err: 'no group is kept in shop\n' })
  expect(await rules('delete', 'shop', 'sums')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no group "sums"'),
  })
})

test('leaves groups alone that a file does not have, unless it is to prune them', async () => {
  const rules = await running()
  await rules('set', 'shop.yml', '--namespace', 'other')
  expect((await rules('set', 'fewer.yml', '--namespace', 'other')).out).toBe('1 group kept under other\n')
  expect((await rules('list', '--namespace', 'other')).out).toContain('orders')
  expect((await rules('set', 'fewer.yml', '--namespace', 'other', '--prune')).out).toBe(
    '1 group kept under other, and 1 group deleted\n',
  )
  expect((await rules('list', '--namespace', 'other')).out).not.toContain('orders')
})

test('says what is wrong with a file, and changes nothing', async () => {
  const rules = await running()
  const { code, err } = await rules('set', 'broken.yml')
  expect(code).toBe(1)
  expect(err).toMatch(/broken\.yml:3:\d+: groups\[0\]\.rules\[0\]\.expr: could not parse expression: /)
  expect(err).toMatch(/nothing was changed: .*broken\.yml is no rule file that can be used\n$/)
  expect((await rules('list')).out).toContain('no groups')
  expect(await rules('set', 'none.yml')).toMatchObject({
    code: 1,
    err: expect.stringContaining("can't be read: ENOENT"),
  })
})
