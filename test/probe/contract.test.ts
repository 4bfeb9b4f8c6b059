import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/model/finding.ts'
import type { ProbeDefinition, ProbeMetricDoc } from '../../src/probe/probe.ts'
import { probes } from '../../src/probe/registry.ts'
import { probeContext } from '../support/probe-context.ts'
import { CANARY, type Entry, type Subject, subjects } from './contract-subjects.ts'

/** Every probe as shared code sees it: without knowing which one it is. */
type AnyProbe = ProbeDefinition<string, unknown>
const all = probes as unknown as readonly AnyProbe[]

/** Longer than anything takes on a busy machine, shorter than the time of a probe: what ends within it was ended. */
const A_MOMENT_MS = 10_000

/** Begins like nothing that any protocol knows, and has lines, zeros and lengths that are far too long. */
const NONSENSE = Buffer.concat([
  Buffer.from('\xff\x00?\r\n\n', 'latin1'),
  Buffer.alloc(5_000, 0xfe),
  Buffer.from('\r\n'),
])

test('probes are listed in alphabetical order, each key once', () => {
  const keys = all.map(({ key }) => key)
  expect(keys).toEqual([...new Set(keys)].toSorted())
})

test('every probe has its row in the table of subjects', () => {
  expect(Object.keys(subjects).toSorted()).toEqual(all.map(({ key }) => key))
})

describe.each(all.map((probe) => [probe.key, probe] as const))('%s', (key, probe) => {
  const subject: Subject = subjects[key] ?? {}

  test('takes its own example', () => {
    expect(probe.config.safeParse(probe.example).error?.issues).toBeUndefined()
    expect(Object.keys(probe.example)).toContain(key)
    expect(probe.instance(probe.config.parse(probe.example))).not.toBe('')
  })

  test('refuses a key that it does not know, by name', () => {
    const { error } = probe.config.safeParse({ ...probe.example, frobnicate: 1 })
    expect(JSON.stringify(error?.issues)).toContain('frobnicate')
  })

  test('says in words what is wrong when its own key has a value of the wrong kind', () => {
    const { error } = probe.config.safeParse({ ...probe.example, [key]: [[]] })
    expect(error?.issues.length).toBeGreaterThan(0)
    for (const { message } of error?.issues ?? []) expect(message).not.toMatch(/^Invalid input/)
  })

  test('describes itself and each of its metrics', () => {
    expect(probe.summary).toMatch(/\.$/)
    for (const [name, { help, labels = [] }] of Object.entries(probe.metrics)) {
      // A star stands for many metrics of one kind.
      expect(name).toMatch(/^[a-z][a-z0-9_*]*$/)
      expect(help, name).toMatch(/\.$/)
      for (const label of labels) expect(label, name).toMatch(/^[a-z][a-z0-9_]*$/)
    }
  })

  test.runIf(subject.secretive)('shows no credentials: neither as instance nor in what it finds', async () => {
    const config = probe.config.parse(subject.secretive)
    expect(probe.instance(config)).not.toContain(CANARY)
    const finding = await probe.run(config, probeContext())
    expect(JSON.stringify(finding)).not.toContain(CANARY)
  })

  test.runIf(subject.live)('is up at a live target and gives the metrics that it declares', async () => {
    await using stack = new AsyncDisposableStack()
    const finding = await run(probe, await (subject.live as NonNullable<Subject['live']>)(stack))
    expect(finding).toMatchObject({ outcome: 'up' })
    expectDeclared(probe, finding)
  })

  test.runIf(subject.live)('keeps nothing between runs', async () => {
    await using stack = new AsyncDisposableStack()
    const config = Object.freeze(probe.config.parse(await (subject.live as NonNullable<Subject['live']>)(stack)))
    const first = await probe.run(config as never, probeContext())
    const [second, third] = await Promise.all([
      probe.run(config as never, probeContext()),
      probe.run(config as never, probeContext()),
    ])
    for (const later of [second, third]) {
      expect(later.outcome).toBe('up')
      expect(seriesOf(later)).toEqual(seriesOf(first))
    }
  })

  test.runIf(subject.dead)('is not up, and says why, where nobody is', async () => {
    const finding = await run(probe, await (subject.dead as NonNullable<Subject['dead']>)())
    expect(finding).toMatchObject({ outcome: 'down', reason: expect.any(String), message: expect.stringMatching(/\S/) })
    expectDeclared(probe, finding)
  })

  test.runIf(subject.silent)('ends within a moment when its time is over, and says in which phase', async () => {
    await using stack = new AsyncDisposableStack()
    const { entry, reached } = await (subject.silent as NonNullable<Subject['silent']>)(stack)
    const controller = new AbortController()
    const running = run(probe, entry, controller.signal)
    await reached
    const startMs = performance.now()
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    const finding = await running
    expect(performance.now() - startMs).toBeLessThan(A_MOMENT_MS)
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: expect.stringMatching(/^[a-z]+$/) })
    expectDeclared(probe, finding)
  })

  test.runIf(subject.silent).for([
    ['says nonsense and hangs up', (socket: Socket) => socket.end(NONSENSE)],
    ['says nonsense and waits', (socket: Socket) => socket.write(NONSENSE)],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
  ] as const)('ends with a finding when the target %s', async ([, talk]) => {
    await using stack = new AsyncDisposableStack()
    const { entry } = await (subject.silent as NonNullable<Subject['silent']>)(stack, talk)
    const finding = await run(probe, entry, AbortSignal.timeout(300))
    expect(finding).toMatchObject({ outcome: 'down', message: expect.stringMatching(/\S/) })
    expectDeclared(probe, finding)
  })

  test.runIf(subject.silent)('does not begin when its time is over already', async () => {
    await using stack = new AsyncDisposableStack()
    const { entry } = await (subject.silent as NonNullable<Subject['silent']>)(stack)
    const finding = await run(probe, entry, AbortSignal.abort(new DOMException('over', 'TimeoutError')))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: expect.any(String) })
  })

  test.runIf(subject.silent)('leaves no listener on the signal of a run that is over', async () => {
    await using stack = new AsyncDisposableStack()
    const { signal } = new AbortController()
    const entry = await (subject.live ?? subject.dead)?.(stack)
    if (entry === undefined) return
    await run(probe, entry, signal)
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(0)
  })
})

function run(probe: AnyProbe, entry: Entry, signal?: AbortSignal): Promise<Finding> {
  return probe.run(probe.config.parse(entry), probeContext(signal === undefined ? {} : { signal }))
}

function seriesOf({ metrics }: Finding): string[] {
  return metrics.map(({ name, labels = {} }) => `${name} ${Object.keys(labels).toSorted().join()}`).toSorted()
}

/** Every metric is declared, has exactly the labels that were declared, a number, and is given once. */
function expectDeclared(probe: AnyProbe, finding: Finding): void {
  const seen = new Set<string>()
  for (const { name, value, labels = {} } of finding.metrics) {
    const declared = declarationOf(probe, name)
    expect(declared, `${name} is declared`).toBeDefined()
    expect(Object.keys(labels).toSorted(), name).toEqual([...(declared?.labels ?? [])].toSorted())
    expect(value, name).toEqual(expect.any(Number))
    const series = `${name}${JSON.stringify(Object.entries(labels).toSorted())}`
    expect(seen, 'given once').not.toContain(series)
    seen.add(series)
  }
}

function declarationOf({ metrics }: AnyProbe, name: string): ProbeMetricDoc | undefined {
  if (metrics[name] !== undefined) return metrics[name]
  const patterns = Object.keys(metrics).filter((pattern) => pattern.includes('*'))
  const found = patterns.find((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name))
  return found === undefined ? undefined : metrics[found]
}
