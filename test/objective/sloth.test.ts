import { describe, expect, test } from 'vitest'
import { type CompileAllOptions, compileSlos } from '../../src/objective/compile-all.ts'
import { readSpecs } from '../../src/objective/spec/read.ts'
import { ruleFileText } from '../../src/wire/rule-file.ts'
import { groupsOf, hasOracles, oracle, oraclesIn } from './oracles.ts'

const VERSION = 'v1.2.3'

function compiled(file: string, options: Partial<CompileAllOptions> = {}) {
  const { slos, problems } = readSpecs([{ file, text: oracle(file) }])
  const all = compileSlos(slos, { version: VERSION, isSlothExact: true, ...options })
  const faults = [...problems, ...all.problems].filter(({ severity }) => severity === 'error')
  expect(faults).toEqual([])
  return groupsOf(ruleFileText(all.compiled.flatMap(({ groups }) => groups)), VERSION)
}

describe.skipIf(!hasOracles)("Sloth's own pairs", () => {
  const extraLabels = { exk1: 'exv1', exk2: 'exv2' }
  test.each<[string, string, Partial<CompileAllOptions>]>([
    ['in-base.yaml', 'out-base.yaml.tpl', {}],
    ['in-base.yaml', 'out-base-no-alerts.yaml.tpl', { alerts: false }],
    ['in-base.yaml', 'out-base-no-recordings.yaml.tpl', { recordings: false }],
    ['in-base.yaml', 'out-base-extra-labels.yaml.tpl', { extraLabels }],
    ['in-openslo.yaml', 'out-openslo.yaml.tpl', {}],
    ['in-multifile.yaml', 'out-multifile.yaml.tpl', {}],
  ])('%s gives %s', (input, output, options) => {
    expect(compiled(input, options)).toEqual(groupsOf(oracle(output), VERSION))
  })

  const examples = oraclesIn('examples').filter((file) => file.startsWith('examples/in-'))
  test.each(examples)('%s gives what Sloth makes of it', (input) => {
    const options = { version: 'dev', extraLabels: { cmd: 'examplesgen.sh' } }
    expect(compiled(input, options)).toEqual(groupsOf(oracle(input.replace('/in-', '/out-')), 'dev'))
  })

  test.each(oraclesIn('validate/good'))('%s is accepted', (file) => {
    expect(compiled(file).length).toBeGreaterThan(0)
  })

  test.each(oraclesIn('validate/bad'))('%s is refused', (file) => {
    const { slos, problems } = readSpecs([{ file, text: oracle(file) }])
    const errors = problems.filter(({ severity }) => severity === 'error')
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.every(({ line, field }) => line !== undefined && field !== undefined)).toBe(true)
    expect(slos.length).toBeLessThan(4)
  })

  test.each([
    ['in-sli-plugin.yaml', /slos\[0\]\.sli\.plugin: unsupported plugin/],
    ['in-slo-plugin.yaml', /slo_plugins\.chain\[0\]\.id: unsupported plugin "integration-tests\/plugin1"/],
    ['in-invalid-version.yaml', /version: prometheus\/v999 is no SLO file.*did you mean prometheus\/v1\?/],
  ])('%s is refused with the reason', (file, reason) => {
    const { problems } = readSpecs([{ file, text: oracle(file) }])
    const shown = problems.map(({ field, message }) => `${field}: ${message}`)
    expect(shown).toEqual(expect.arrayContaining([expect.stringMatching(reason)]))
  })
})
