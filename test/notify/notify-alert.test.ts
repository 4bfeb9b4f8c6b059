import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { fromSent, isResolved, mergeAlerts, type NotifyAlert } from '../../src/notify/notify-alert.ts'

function alert(startsAtMs: number, endsAtMs: number, updatedAtMs: number, timedOut = false): NotifyAlert {
  const labels = Labels.of({ alertname: 'A' })
  const sent = { labels, annotations: { at: String(updatedAtMs) }, startsAtMs, endsAtMs, generatorUrl: '' }
  return { ...fromSent(sent, updatedAtMs), timedOut }
}

/** Alertmanager's provider/mem Put and types.Alert.Merge, word by word. */
function reference(old: NotifyAlert, sent: NotifyAlert): NotifyAlert {
  const overlaps =
    (sent.endsAtMs > old.startsAtMs && sent.endsAtMs < old.endsAtMs) ||
    (sent.startsAtMs > old.startsAtMs && sent.startsAtMs < old.endsAtMs)
  if (!overlaps) return sent
  const merged = { ...sent }
  if (old.startsAtMs < sent.startsAtMs) merged.startsAtMs = old.startsAtMs
  if (isResolved(sent, sent.updatedAtMs)) {
    if (isResolved(old, sent.updatedAtMs) && old.endsAtMs > sent.endsAtMs) merged.endsAtMs = old.endsAtMs
  } else if (old.endsAtMs > sent.endsAtMs && !old.timedOut) merged.endsAtMs = old.endsAtMs
  return merged
}

test('merges as Alertmanager does, however the spans lie', () => {
  const time = fc.integer({ min: 0, max: 12 })
  fc.assert(
    fc.property(time, time, time, time, time, fc.boolean(), (a, b, c, d, e, timedOut) => {
      const old = alert(Math.min(a, b), Math.max(a, b), 5, timedOut)
      const sent = alert(Math.min(c, d), Math.max(c, d), 5 + e)
      const merged = mergeAlerts(old, sent)
      const { startsAtMs, endsAtMs, annotations } = reference(old, sent)
      expect({ ...merged, timedOut: undefined }).toEqual({
        ...sent,
        startsAtMs,
        endsAtMs,
        annotations,
        timedOut: undefined,
      })
    }),
    { numRuns: 2000 },
  )
})

describe('an alert that was sent again', () => {
  test('keeps its first start while it overlaps, and is another one when it does not', () => {
    expect(mergeAlerts(alert(10, 100, 10), alert(50, 200, 60))).toMatchObject({ startsAtMs: 10, endsAtMs: 200 })
    expect(mergeAlerts(alert(10, 40, 10), alert(50, 200, 60))).toMatchObject({ startsAtMs: 50, endsAtMs: 200 })
  })

  test('ends when it says so, though an earlier word had it end later', () => {
    const merged = mergeAlerts(alert(10, 400, 10), alert(10, 60, 60))
    expect(merged.endsAtMs).toBe(60)
    expect(isResolved(merged, 60)).toBe(true)
  })

  test('ends when it says so, though the clock was put back meanwhile', () => {
    expect(isResolved(mergeAlerts(alert(3000, 4000, 3600), alert(3000, 100, 100)), 100)).toBe(true)
  })
})
