import { compareLabels, compareText } from '../../model/labels.ts'
import type { ResultSample } from './report.ts'
import type { FiringAlert } from './unit-test.ts'

/** Names one alert among others, whatever the order of its labels and annotations. */
export function alertKey({ labels, annotations }: FiringAlert): string {
  return JSON.stringify([sortedEntries(labels), sortedEntries(annotations)])
}

function sortedEntries(texts: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(texts).sort(([a], [b]) => compareText(a, b))
}

export function sortAlerts(alerts: Iterable<FiringAlert>): FiringAlert[] {
  return [...alerts].sort((a, b) => compareText(alertKey(a), alertKey(b)))
}

/** Whether both have the same alerts, in any order. */
export function areSameAlerts(expected: readonly FiringAlert[], got: readonly FiringAlert[]): boolean {
  if (expected.length !== got.length) return false
  const [a, b] = [sortAlerts(expected), sortAlerts(got)]
  return a.every((alert, i) => alertKey(alert) === alertKey(b[i] as FiringAlert))
}

export function sortSamples(samples: Iterable<ResultSample>): ResultSample[] {
  return [...samples].sort((a, b) => compareLabels(a.labels, b.labels))
}

/**
 * Whether both have the same samples, in any order. NaN equals nothing, as in Prometheus.
 *
 * @param isFuzzy values may be neighbours in the numbers that a double can hold
 */
export function areSameSamples(
  expected: readonly ResultSample[],
  got: readonly ResultSample[],
  isFuzzy: boolean,
): boolean {
  if (expected.length !== got.length) return false
  const [a, b] = [sortSamples(expected), sortSamples(got)]
  return a.every((sample, i) => isSameSample(sample, b[i] as ResultSample, isFuzzy))
}

export function isSameSample(a: ResultSample, b: ResultSample, isFuzzy: boolean): boolean {
  return a.labels.key === b.labels.key && (a.value === b.value || (isFuzzy && areNeighbours(a.value, b.value)))
}

/** Whether no other double lies between the two. */
function areNeighbours(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return false
  const distance = rank(a) - rank(b)
  return distance >= -1n && distance <= 1n
}

/** The place of a double among all of them, in the order of their size; both zeros have the same. */
function rank(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(value))
  const size = view.getBigInt64(0)
  return value < 0 ? -size : size
}
