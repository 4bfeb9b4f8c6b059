import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AlertSample, needsSending, RESOLVED_RETENTION_MS, transition } from '../../src/alert/transition.ts'
import type { AlertInstance } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'

const STEP = 15_000
const labels = Labels.of({ alertname: 'A' })

function sample(value: number): AlertSample {
  return { labels, annotations: {}, value }
}

/** The steps of Prometheus' `AlertingRule.Eval` and `needsSending`, written down one by one for one alert. */
class Reference {
  alert: { -readonly [Key in keyof AlertInstance]: AlertInstance[Key] } | undefined

  eval(value: number | undefined, forMs: number, keepMs: number, ts: number): void {
    if (value !== undefined) {
      if (this.alert !== undefined && this.alert.state !== 'inactive') {
        this.alert.value = value
        this.alert.peak = Math.max(this.alert.peak ?? value, value)
      } else
        this.alert = {
          labels,
          annotations: {},
          state: 'pending',
          value,
          peak: value,
          activeAtMs: ts,
          firedAtMs: undefined,
          resolvedAtMs: undefined,
          lastSentAtMs: undefined,
          keepFiringSinceMs: undefined,
        }
    }
    const alert = this.alert
    if (alert === undefined) return
    if (value === undefined) {
      let keep = false
      if (alert.state === 'firing' && keepMs > 0) {
        alert.keepFiringSinceMs ??= ts
        keep = ts - alert.keepFiringSinceMs < keepMs
      }
      const isOld = alert.resolvedAtMs !== undefined && ts - alert.resolvedAtMs > RESOLVED_RETENTION_MS
      if (alert.state === 'pending' || isOld) this.alert = undefined
      if (alert.state !== 'inactive' && !keep) {
        alert.state = 'inactive'
        alert.resolvedAtMs = ts
      }
      if (!keep) return
    } else alert.keepFiringSinceMs = undefined
    if (alert.state === 'pending' && ts - alert.activeAtMs >= forMs) {
      alert.state = 'firing'
      alert.firedAtMs = ts
    }
  }

  send(ts: number): boolean {
    const { alert } = this
    if (alert === undefined || alert.state === 'pending') return false
    const last = alert.lastSentAtMs ?? Number.NEGATIVE_INFINITY
    const due = (alert.resolvedAtMs ?? Number.NEGATIVE_INFINITY) > last || last + 60_000 < ts
    if (due) alert.lastSentAtMs = ts
    return due
  }
}

test('goes through the states of Prometheus in every order of findings, at every waiting and keeping time', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, STEP, 2 * STEP, 60_000),
      fc.constantFrom(0, 1, STEP, 60_000),
      fc.array(
        fc.tuple(fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), fc.integer({ min: 1, max: 70 })),
        {
          maxLength: 30,
        },
      ),
      (forMs, keepFiringForMs, steps) => {
        const reference = new Reference()
        let instances: ReadonlyMap<string, AlertInstance> = new Map()
        let ts = 0
        for (const [value, count] of steps) {
          ts += count * STEP
          reference.eval(value, forMs, keepFiringForMs, ts)
          const result = value === undefined ? [] : [sample(value)]
          const next = new Map(transition(instances, result, { forMs, keepFiringForMs }, ts).instances)
          const alert = next.get(labels.key)
          expect(alert !== undefined && needsSending(alert, ts, 60_000)).toBe(reference.send(ts))
          if (alert !== undefined && needsSending(alert, ts, 60_000))
            next.set(labels.key, { ...alert, lastSentAtMs: ts })
          instances = next
          const seen = instances.get(labels.key)
          // Whether it was kept when it ended is of no use to anybody.
          const plain = (one: AlertInstance | undefined) =>
            one && { ...one, keepFiringSinceMs: one.state === 'firing' ? one.keepFiringSinceMs : undefined }
          expect(plain(seen)).toEqual(plain(reference.alert))
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('tells only what changed: a value that moves is not worth a write', () => {
  const first = transition(new Map(), [sample(1)], { forMs: 0, keepFiringForMs: 0 }, 0)
  expect(first.changed).toHaveLength(1)
  const second = transition(first.instances, [sample(2)], { forMs: 0, keepFiringForMs: 0 }, STEP)
  expect(second.changed).toEqual([])
  expect(second.events).toEqual([])
  expect(second.instances.get(labels.key)?.value).toBe(2)
})
