import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Connection } from '../../src/store/database.ts'
import { seededRandom } from '../promql/seeded-random.ts'
import { type ChaosReceiver, chaosMail, chaosSlack, type Taken } from './chaos-receivers.ts'
import { Midwatch, tempFolder, until } from './midwatch.ts'

/** `MIDWATCH_CHAOS_CHANGES=20000 MIDWATCH_CHAOS_KILLS=200 npx vitest run test/e2e/chaos.test.ts` takes longer. */
const CHANGES = Number(process.env.MIDWATCH_CHAOS_CHANGES ?? 1000)
const KILLS = Number(process.env.MIDWATCH_CHAOS_KILLS ?? 20)
const SEED = Number(process.env.MIDWATCH_CHAOS_SEED ?? 4)
const TEAMS = 25
const ALERTS = 100
const PACE_MS = 30
/** Where others keep the processors busy, a start alone may take long. */
const GIVE_UP_MS = 300_000
/** Of all that arrives. */
const MOST_REPEATED = 0.01

/** What a message says, as both receivers keep it: `t3|7.2 firing;12.5 resolved;`, the step of each alert. */
const TITLE =
  '{{ .GroupLabels.team }}|{{ range .Alerts }}{{ .Labels.n }}.{{ .Annotations.step }} {{ .Status }};{{ end }}'

/** An alert that begins or ends: even steps begin. */
interface Change {
  readonly n: number
  readonly step: number
  /** After how many kills it happens. */
  readonly slot: number
}

const keyOf = ({ n, step }: Pick<Change, 'n' | 'step'>) => `${n}.${step} ${step % 2 === 0 ? 'firing' : 'resolved'}`

function changesOf(random: () => number): readonly Change[] {
  return Array.from({ length: ALERTS }, (_, n) => {
    const steps = Math.floor(CHANGES / ALERTS)
    const slots = Array.from({ length: steps }, () => Math.floor(random() * (KILLS + 1))).sort((a, b) => a - b)
    return slots.map((slot, step) => ({ n, step, slot }))
  }).flat()
}

function config(slack: ChaosReceiver, mail: ChaosReceiver): string {
  return JSON.stringify({
    shipped_rules: false,
    checks: [{ name: 'nothing', tcp: '127.0.0.1:1', every: '1h' }],
    notify: { rate_limit: 'off' },
    alertmanager: {
      route: {
        receiver: 'both',
        group_by: ['team'],
        group_wait: '20ms',
        group_interval: '100ms',
        repeat_interval: '10h',
      },
      receivers: [
        {
          name: 'both',
          slack_configs: [
            {
              api_url: `http://127.0.0.1:${slack.port}/services/x`,
              send_resolved: true,
              title: TITLE,
              timeout: '3s',
            },
          ],
          email_configs: [
            {
              to: 'oncall@example.org',
              from: 'midwatch@example.org',
              smarthost: `127.0.0.1:${mail.port}`,
              require_tls: false,
              send_resolved: true,
              headers: { Subject: TITLE },
            },
          ],
        },
      ],
    },
  })
}

interface Owed {
  readonly id: number
  readonly channel: string
  readonly text: string
}

/** What the routes owe, as the data file has it: every message that there ever was, in its order. */
class Ledger {
  readonly owed: Owed[] = []
  readonly #decided = new Set<string>()
  readonly #file: string

  constructor(folder: string) {
    this.#file = join(folder, 'data', 'midwatch.db')
  }

  /** Whether both channels owe a message that tells of a change. */
  has(change: Pick<Change, 'n' | 'step'>): boolean {
    return ['both/slack[0]', 'both/email[0]'].every((channel) => this.#decided.has(`${channel} ${keyOf(change)}`))
  }

  /** Reads on; how many messages are not delivered yet, or undefined where the file could not be read right now. */
  read(): number | undefined {
    let db: Connection | undefined
    try {
      db = new Connection(this.#file, { readonly: true })
      const rows = db
        .statement('SELECT id, channel, body FROM outbox WHERE id > ? ORDER BY id')
        .all(this.owed.at(-1)?.id ?? 0) as { id: number; channel: string; body: string }[]
      for (const { id, channel, body } of rows) this.#note(id, channel, body)
      const left = db.statement('SELECT COUNT(*) AS left FROM outbox WHERE finished_ms IS NULL').get()
      return (left as { left: number }).left
    } catch {
      return undefined
    } finally {
      db?.close()
    }
  }

  #note(id: number, channel: string, body: string): void {
    const { alerts, groupLabels } = JSON.parse(body) as {
      alerts: { status: string; labels: { n: string }; annotations: { step: string } }[]
      groupLabels: { team: string }
    }
    const parts = alerts.map(({ status, labels, annotations }) => `${labels.n}.${annotations.step} ${status}`)
    for (const part of parts) this.#decided.add(`${channel} ${part}`)
    this.owed.push({ id, channel, text: `${groupLabels.team}|${parts.map((part) => `${part};`).join('')}` })
  }
}

/** Posts a change until somebody says that it is on disk. */
async function post(change: Change, startedMs: number, current: () => Midwatch): Promise<void> {
  const { n, step } = change
  const endsMs = step % 2 === 0 ? Date.now() + 3_600_000 : Date.now()
  const alert = {
    labels: { alertname: 'Chaos', team: `t${n % TEAMS}`, n: String(n) },
    annotations: { step: String(step) },
    startsAt: new Date(startedMs).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
  }
  for (;;) {
    const status = await current()
      .post('/api/v2/alerts', [alert])
      .then(
        (response) => response.status,
        () => 0,
      )
    if (status === 200) return
    await delay(50)
  }
}

/** What of the messages arrived, and how. */
function judge(
  { taken }: ChaosReceiver,
  owed: readonly Owed[],
  changes: readonly Change[],
  isExplained: (taken: Taken) => boolean,
) {
  const first = new Map<string, number>()
  const again: Taken[] = []
  for (const [i, { text }] of taken.entries()) {
    const before = first.get(text)
    if (before === undefined) first.set(text, i)
    else again.push(taken[before] as Taken)
  }
  const told = new Set([...first.keys()].flatMap((text) => (text.split('|')[1] ?? '').split(';')))
  const byTeam = Map.groupBy(owed, ({ text }) => text.split('|')[0] as string)
  const outOfOrder = [...byTeam.values()].flatMap((messages) =>
    messages.filter(({ text }, i) => {
      const before = messages[i - 1]
      return before !== undefined && (first.get(before.text) ?? -1) > (first.get(text) ?? -1)
    }),
  )
  return {
    lost: changes.filter((change) => !told.has(keyOf(change))).map(keyOf),
    notArrived: owed.filter(({ text }) => !first.has(text)).map(({ text }) => text),
    outOfOrder: outOfOrder.map(({ text }) => text),
    messages: first.size,
    repeated: again.length,
    avoidable: again.filter((one) => !isExplained(one)).length,
  }
}

test(`${CHANGES} changes, receivers that fail in every way, ${KILLS} times kill -9: all arrives, in order, hardly anything twice`, async () => {
  const beganMs = performance.now()
  const random = seededRandom(SEED)
  await using slack = await chaosSlack(seededRandom(SEED + 1), (body) => (JSON.parse(body) as { text: string }).text)
  await using mail = await chaosMail(seededRandom(SEED + 2))
  using folder = tempFolder()
  let midwatch = await Midwatch.start(folder.path, { config: config(slack, mail) })
  await using _last = { [Symbol.asyncDispose]: () => midwatch[Symbol.asyncDispose]() }
  const ledger = new Ledger(folder.path)
  const reading = setInterval(() => ledger.read(), 100)
  using _reading = { [Symbol.dispose]: () => clearInterval(reading) }
  const changes = changesOf(random)
  const kills: number[] = []
  const machine = monitorEventLoopDelay({ resolution: 1 })
  machine.enable()
  const startedMs = new Map<number, number>()

  for (let slot = 0; slot <= KILLS; slot++) {
    const mine = changes.filter((change) => change.slot === slot).sort(() => random() - 0.5)
    const inOrder = mine.toSorted((a, b) => a.step - b.step)
    let acknowledged = 0
    const posting = inOrder.map(async (change, i) => {
      await delay(i * PACE_MS)
      const { n, step } = change
      // What nobody had to be told of yet would be one change with the next.
      if (step > 0) await until(() => ledger.has({ n, step: step - 1 }), `${n}.${step - 1} to be owed`, GIVE_UP_MS)
      if (step % 2 === 0) startedMs.set(n, Date.now())
      await post(change, startedMs.get(n) as number, () => midwatch)
      acknowledged++
    })
    if (slot < KILLS) {
      // In the middle of posting, or when all is on disk and most is under way.
      const share = random()
      const waitMs = random() * 300
      await until(() => acknowledged >= share * mine.length, 'some changes to be on disk', GIVE_UP_MS)
      await delay(waitMs)
      kills.push(Date.now())
      await midwatch.kill()
      midwatch = await Midwatch.start(folder.path)
    }
    await Promise.all(posting)
  }

  slack.calm()
  mail.calm()
  await until(() => changes.every((change) => ledger.has(change)), 'every change to be owed', GIVE_UP_MS)
  await until(() => ledger.read() === 0, 'everything to be delivered', GIVE_UP_MS)
  ledger.read()

  machine.disable()
  // Where others keep the processors busy, nobody can hear of an answer sooner than this.
  const deafMs = Math.max(machine.percentile(99) / 1e6, 2)
  const isExplained = ({ atMs, isSecret }: Taken) =>
    isSecret || kills.some((killMs) => atMs <= killMs && killMs - atMs < deafMs)
  const figures = Object.entries({ 'both/slack[0]': slack, 'both/email[0]': mail }).map(([name, receiver]) => {
    const owed = ledger.owed.filter(({ channel }) => channel === name)
    const { lost, notArrived, outOfOrder, ...counts } = judge(receiver, owed, changes, isExplained)
    expect([name, lost, notArrived, outOfOrder]).toEqual([name, [], [], []])
    expect(counts.messages).toBe(owed.length)
    for (const fault of ['limits', 'breaks', 'refuses', 'cuts before it reads', 'cuts before it answers']) {
      expect([fault, receiver.faults.get(fault) ?? 0]).not.toEqual([fault, 0])
    }
    return { name, ...counts, faults: Object.fromEntries(receiver.faults) }
  })
  const [messages, repeated, avoidable] = (['messages', 'repeated', 'avoidable'] as const).map((key) =>
    figures.reduce((sum, one) => sum + one[key], 0),
  ) as [number, number, number]
  const share = (count: number) => `${count} (${((count / messages) * 100).toFixed(2)} %)`
  const seconds = Math.round((performance.now() - beganMs) / 100) / 10
  console.log(
    `seed ${SEED}: ${changes.length} changes, ${KILLS} kills, ${seconds} s; of ${messages} messages ${share(repeated)} came twice, ${share(avoidable)} though there were ${deafMs.toFixed(0)} ms and an answer`,
  )
  for (const { name, faults } of figures) console.log(`${name}: ${JSON.stringify(faults)}`)
  expect(avoidable / messages).toBeLessThan(MOST_REPEATED)
}, 900_000)
