import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../../src/model/labels.ts'
import { labelMaker } from '../../../src/probe/scrape/sample-labels.ts'
import { parseConfigs } from './support.ts'

const name = fc.constantFrom('job', 'instance', 'code', 'exported_job', 'exported_exported_job', 'zone')
const value = fc.constantFrom('', 'a', 'b', 'host-01.example.org:9100')
const pairs = fc
  .uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 6 })
  .map((labels) => ['__name__', 'm', ...labels.flat()])
const target = fc
  .dictionary(fc.constantFrom('job', 'instance', 'exported_job'), value, { noNullPrototype: true })
  .map((record) => Labels.of(record))

/** The rule in words: the target's label wins, and what it takes the place of, unless it was empty, gets another name. */
function joined(scraped: readonly string[], { pairs: own }: Labels, honor: boolean): Labels {
  const record = new Map<string, string>()
  for (let i = 0; i < scraped.length; i += 2) record.set(scraped[i] as string, scraped[i + 1] as string)
  const moved: [string, string][] = []
  for (let i = 0; i < own.length; i += 2) {
    const [label, text] = [own[i] as string, own[i + 1] as string]
    const before = record.get(label)
    if (honor) {
      if (before === undefined) record.set(label, text)
      continue
    }
    if (before !== undefined && before !== '') moved.push([label, before])
    record.set(label, text)
  }
  for (const [label, text] of moved.sort(([a], [b]) => a.length - b.length)) {
    let free = `exported_${label}`
    while ((record.get(free) ?? '') !== '') free = `exported_${free}`
    record.set(free, text)
  }
  return Labels.of(record)
}

test.each([false, true])('joins the labels of series of any shapes, one after the other; honor_labels: %s', (honor) => {
  const [config] = parseConfigs([{ job_name: 'x', honor_labels: honor }])
  fc.assert(
    fc.property(target, fc.array(pairs, { minLength: 1, maxLength: 30 }), (own, all) => {
      const labelsOf = labelMaker(own, config as NonNullable<typeof config>)
      for (const each of all) expect(labelsOf(each)?.pairs).toEqual(joined(each, own, honor).pairs)
    }),
  )
})
