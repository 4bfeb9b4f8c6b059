import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { runUnitTestFile } from '../../../src/rule/unit-test/run.ts'
import { describePeer, runPeer } from '../../support/peers.ts'
import { generateTest } from './generator.ts'
import { ownVerdict, promtoolVerdict } from './promtool-output.ts'

const COUNT = Number(process.env.RULE_TEST_SEEDS ?? 40)
const FIRST = Number(process.env.RULE_TEST_FIRST ?? 1)

describePeer('promtool', (promtool) => {
  test(`sees the same alerts and samples in ${COUNT} generated tests`, { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-generated-rules-'))
    let [alerts, samples, errors] = [0, 0, 0]
    try {
      for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
        const { rules, tests } = generateTest(seed)
        const file = join(folder, 'test.yml')
        await writeFile(join(folder, 'rules.yml'), stringify(rules))
        await writeFile(file, stringify(tests))
        const { code, stdout, stderr } = await runPeer(promtool, ['test', 'rules', file])
        const theirs = promtoolVerdict(code, `${stdout}\n${stderr}`)
        const ours = ownVerdict(await runUnitTestFile(file))
        expect(ours, `seed ${seed}\n${stringify(rules)}\n${stringify(tests)}`).toEqual(theirs)
        alerts += theirs.what.filter((one) => one.startsWith('alert ')).length
        samples += theirs.what.filter((one) => one.startsWith('expr ')).length
        errors += theirs.what.filter((one) => one.startsWith('rule ')).length
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    // Otherwise nothing was compared.
    expect(alerts).toBeGreaterThan(COUNT)
    expect(samples).toBeGreaterThan(5 * COUNT)
    expect(errors).toBeGreaterThan(0)
  })
})
