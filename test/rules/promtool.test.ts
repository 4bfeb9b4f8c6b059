import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { describePeer, runPeer } from '../support/peers.ts'
import { caseFiles, queriesOf, root, ruleFiles, runbooks } from './shipped.ts'

describePeer('promtool', (promtool) => {
  test('accepts the shipped rules unchanged', async () => {
    const { code, stdout, stderr } = await runPeer(promtool, ['check', 'rules', ...ruleFiles], { cwd: root })
    expect(stderr).toBe('')
    expect(stdout.match(/SUCCESS/g)).toHaveLength(ruleFiles.length)
    expect(code).toBe(0)
  })

  test.each(caseFiles)(
    'finds the alerts of %s firing when they should, and only then',
    { timeout: 60_000 },
    async (file) => {
      const { code, stdout, stderr } = await runPeer(promtool, ['test', 'rules', file], {
        cwd: root,
        timeoutMs: 60_000,
      })
      expect(`${stdout.trim()}${stderr}`.replace(/\s+/g, ' ')).toBe(`Unit Testing: ${file} SUCCESS`)
      expect(code).toBe(0)
    },
  )

  test('understands every expression that a runbook asks for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-runbooks-'))
    try {
      const rules = runbooks.flatMap((runbook) =>
        queriesOf(runbook)
          .filter((expr) => !/\[\w+\]$/.test(expr)) // a bare range is a query, but no rule
          .map((expr, index) => ({ record: `${runbook.replace(/\W/g, '_')}:${index}`, expr })),
      )
      expect(rules.length).toBeGreaterThan(runbooks.length)
      const file = join(folder, 'runbooks.yml')
      await writeFile(file, stringify({ groups: [{ name: 'runbooks', rules }] }))
      const { code, stdout, stderr } = await runPeer(promtool, ['check', 'rules', file])
      expect(stderr).toBe('')
      expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`)
      expect(code).toBe(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
