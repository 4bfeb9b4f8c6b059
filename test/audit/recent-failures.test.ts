import { expect, test } from 'vitest'
import { type AuditFact, AuditTrail } from '../../src/audit/audit-trail.ts'
import { lastUnsuccessful } from '../../src/store/audit.ts'
import { testStore } from '../support/test-store.ts'

const M = 60_000
const id = (i: number) => i.toString(16).padStart(32, '0')

async function trail() {
  const it = await testStore()
  const audit = new AuditTrail(it.store.writer, it.clock)
  let i = 0
  return {
    it,
    audit,
    /** Records a failure and gives back its trace id. */
    async fail(fact: Partial<AuditFact>): Promise<string> {
      i++
      await audit.record([{ event: 'e', actor: 'a', outcome: 'failure', ...fact, traceId: id(i) }])
      return id(i)
    },
    tracesOf: (labels: Record<string, string>, sinceMs = it.clock.now()) =>
      audit.failures.tracesOf(Object.entries(labels), sinceMs),
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

test('an alert finds failures that have a field or an attribute like one of its labels, the most alike and latest first', async () => {
  await using t = await trail()
  const byAttribute = await t.fail({ attributes: { source: 'stripe', amount: 12 } })
  const byService = await t.fail({ actor: 'shop' })
  const byBoth = await t.fail({ actor: 'shop', attributes: { source: 'stripe' } })
  await t.fail({ actor: 'other', attributes: { source: 'paypal', severity: 'critical' } })
  expect(t.tracesOf({ alertname: 'A', severity: 'critical', source: 'stripe' })).toEqual([byAttribute, byBoth])
  expect(t.tracesOf({ service: 'shop' })).toEqual([byService, byBoth])
  expect(t.tracesOf({ check: 'shop', source: 'stripe' })[0]).toBe(byBoth)
  expect(t.tracesOf({ source: 'none' })).toEqual([])
})

test('what went well, what midwatch says of itself and what is long ago is not found', async () => {
  await using t = await trail()
  await t.fail({ actor: 'shop', outcome: 'success' })
  await t.fail({ actor: 'midwatch' })
  const early = await t.fail({ actor: 'shop' })
  expect(t.tracesOf({ job: 'midwatch' })).toEqual([])
  expect(t.tracesOf({ job: 'shop' }, t.it.clock.now() + 15 * M)).toEqual([early])
  expect(t.tracesOf({ job: 'shop' }, t.it.clock.now() + 15 * M + 1)).toEqual([])
})

test('of very many failures the latest are kept', async () => {
  await using t = await trail()
  const facts = Array.from({ length: 4500 }, (_, i) => ({
    event: 'e',
    actor: `actor-${i}`,
    outcome: 'error',
    traceId: id(i + 1),
  }))
  await t.audit.record(facts.slice(0, 4100))
  await t.audit.record(facts.slice(4100))
  expect(t.tracesOf({ actor: 'actor-0' })).toEqual([])
  expect(t.tracesOf({ actor: 'actor-4499' })).toEqual([id(4500)])
})

test('after a start the failures of the run before are known', async () => {
  await using t = await trail()
  await t.audit.record([{ event: 'e', actor: 'shop', outcome: 'failure', traceId: id(77) }])
  const byAttribute = await t.fail({ attributes: { source: 'stripe' } })
  await t.audit.record([{ event: 'e', actor: 'shop', outcome: 'success', attributes: { source: 'stripe' } }])
  const next = new AuditTrail(t.it.store.writer, t.it.clock)
  next.failures.note(lastUnsuccessful(t.it.store.reader, 2))
  expect(next.failures.tracesOf([['source', 'stripe']], t.it.clock.now())).toEqual([byAttribute])
  expect(next.failures.tracesOf([['service', 'shop']], t.it.clock.now())).toEqual([])
  expect(lastUnsuccessful(t.it.store.reader, 5000)).toHaveLength(2)
})
