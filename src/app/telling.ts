import type { Finding } from '../model/finding.ts'
import type { Labels } from '../model/labels.ts'
import { AckLinks } from '../notify/ack-links.ts'
import { Acknowledgements } from '../notify/acknowledgements.ts'
import { Dispatcher } from '../notify/dispatcher.ts'
import { heldBackBy } from '../notify/held-back.ts'
import { Sender } from '../notify/sender.ts'
import { Silences } from '../notify/silences.ts'
import { dependencyStage, inhibitionStage, maintenanceStage, silenceStage, timeStage } from '../notify/stage.ts'
import { loadAcknowledgements } from '../store/acknowledgements.ts'
import { ArrivedFile } from '../store/arrived-file.ts'
import { loadNotify } from '../store/notify.ts'
import { failingChannels, recordDelivery, releaseLeases, settleArrived } from '../store/outbox.ts'
import { leaseMessages } from '../store/outbox-lease.ts'
import { standIn } from '../store/outbox-stand-in.ts'
import { loadSilences } from '../store/silences.ts'
import { AckDesk } from './ack-desk.ts'
import { ackKey } from './ack-key.ts'
import { startForwarder } from './alert-forwarding.ts'
import { Announcer } from './announcer.ts'
import type { Ground } from './ground.ts'
import type { Looking } from './looking.ts'
import { MaintenanceDesk } from './maintenance-desk.ts'
import { externalUrlOf, type Plan } from './plan.ts'
import { SilenceDesk } from './silence-desk.ts'
import { Teller } from './teller.ts'

/** How long a message is worth delivering. */
const MESSAGE_EXPIRY_MS = 24 * 3_600_000

/** Who is told of what, and what people say to it. */
export type Telling = Awaited<ReturnType<typeof setUpTelling>>

export async function setUpTelling(ground: Ground, looking: Looking) {
  const { clock, log, metrics, store, audit, lifecycle, lastAliveMs, startedMs, plan } = ground
  const { calendar, watch } = looking
  const silences = new Silences(loadSilences(store.reader))
  const acknowledgements = new Acknowledgements(loadAcknowledgements(store.reader))
  const ackLinks = new AckLinks(await ackKey(store, log))
  const dispatchOptions = ({ routing, config }: Plan) => ({
    routing,
    stages: [
      inhibitionStage,
      timeStage(routing.timeIntervals ?? new Map()),
      silenceStage((labels, nowMs) => silences.silenceOf(labels, nowMs)),
      // Last, so that what is held back otherwise is owed to nobody.
      dependencyStage((check, nowMs) => looking.dependencies.causeOf(check, nowMs)),
      maintenanceStage((labels, nowMs) => {
        const occurrence = calendar.of(labels, nowMs)
        return occurrence && { name: occurrence.window.name, endsAtMs: occurrence.endsAtMs }
      }),
    ],
    findingOf: (labels: Labels) => describeFinding(watch.findingOf(labels.get('check'))),
    tracesOf: (labels: Labels, sinceMs: number) => audit.failures.tracesOf(labels, sinceMs),
    heldBackBy: (labels: Labels, nowMs: number) => heldBackBy(labels, dispatcher.alerts, looking.dependencies, nowMs),
    externalUrl: externalUrlOf(config),
    expiryMs: MESSAGE_EXPIRY_MS,
    acknowledgements,
    ackLinks,
  })
  const dispatcher: Dispatcher = new Dispatcher(dispatchOptions(plan()), loadNotify(store.reader), {
    lastAliveMs,
    nowMs: startedMs,
  })
  const arrived = new ArrivedFile(plan().config.storage.data)
  lifecycle.onStop('arrivals', () => arrived.close())
  const sender = new Sender(
    {
      clock,
      lease: (request) => store.writer.run(leaseMessages, request),
      record: (delivery) => store.writer.run(recordDelivery, delivery),
      onArrived: (messages) => void arrived.note(messages),
      onIdle: () => arrived.settled(),
      failing: () => failingChannels(store.reader),
      standIn: (request) => store.writer.run(standIn, request),
      onDelivery: (report) => teller.noteDelivery(report),
      onError: (error) => log.error({ event: 'notify.failed', err: error }, 'a delivery could not be written down'),
    },
    plan().outlets,
  )
  const announcer: Announcer = new Announcer({
    clock,
    store,
    sink() {
      const { config } = plan()
      return config.events === undefined ? undefined : { sink: config.events, source: externalUrlOf(config) }
    },
    expiryMs: MESSAGE_EXPIRY_MS,
    onOwed: () => teller.wake(),
    onUnwritten(messages, error) {
      log.error({ event: 'event.not_stored', err: error }, 'events are sent from memory, since the disk refuses them')
      teller.sendUnwritten(messages)
    },
  })
  const messagesOf: Announcer['messagesOf'] = (changes) => announcer.messagesOf(changes)
  const announce: Announcer['announce'] = (...changes) => announcer.announce(...changes)
  const forwarder = startForwarder({ clock, log, metrics }, plan().alertForwarding)
  const teller: Teller = new Teller({
    clock,
    log,
    metrics,
    audit,
    store,
    dispatcher,
    sender,
    forward: (alerts) => forwarder.take(alerts),
    messagesOf,
  })
  const onChange = () => teller.wake()
  return {
    silences,
    acknowledgements,
    ackLinks,
    dispatcher,
    teller,
    announce,
    messagesOf,
    silenceDesk: new SilenceDesk({ clock, store, audit, silences, onChange, announce, lastAliveMs }),
    ackDesk: new AckDesk({ clock, log, store, audit, acknowledgements, dispatcher, onChange, messagesOf }),
    maintenance: new MaintenanceDesk({ clock, log, store, audit, calendar, onChange, announce, lastAliveMs }),

    /** Puts another plan's routes and channels in place of those that are there. */
    apply(next: Plan): void {
      sender.reconfigure(next.outlets)
      metrics.startChannels(next.outlets.keys())
      forwarder.reconfigure(next.alertForwarding)
      metrics.startAlertmanagers(next.alertForwarding.targets.map(({ name }) => name))
      dispatcher.reconfigure(dispatchOptions(next), clock.now())
    },

    /** Takes up the messages that the last run left, and begins to send; goes on until the signal. */
    async start(signal: AbortSignal): Promise<void> {
      await Promise.all([
        store.writer
          .run(settleArrived, { arrived: arrived.found, nowMs: clock.now() })
          .then(() => arrived.settled({ isStart: true })),
        store.writer.run(releaseLeases, {}),
      ]).catch(() => log.error({ event: 'storage.failed' }, 'the data file refuses writes'))
      const telling = teller.run(signal)
      // Stopping goes from the last to the first.
      lifecycle.onStop('outbox', () => teller.lastPass(AbortSignal.timeout(5000)))
      lifecycle.onStop('telling', () => telling)
      lifecycle.onStop('alerts to other Alertmanagers', () => forwarder.stop())
    },
  }
}

function describeFinding(finding: Finding | undefined): string | undefined {
  if (finding === undefined || finding.outcome === 'up') return undefined
  return finding.phase === undefined ? finding.message : `${finding.phase}: ${finding.message}`
}
