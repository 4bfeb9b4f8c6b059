import { randomBytes } from 'node:crypto'
import { AuditTrail } from '../audit/audit-trail.ts'
import { RESOLVE_TIMEOUT_MS } from '../config/alertmanager/global.ts'
import { alertmanagerYaml } from '../config/alertmanager/print.ts'
import type { Config } from '../config/config.ts'
import type { LoadResult } from '../config/load.ts'
import { type LoadedRules, loadRules } from '../config/rules.ts'
import { Dependencies } from '../health/dependencies.ts'
import { HealthBoard } from '../health/health-board.ts'
import { MaintenanceCalendar } from '../health/maintenance-calendar.ts'
import { hasAsset } from '../lib/asset.ts'
import type { Clock } from '../lib/clock.ts'
import { cronSpacingMs } from '../lib/cron-spacing.ts'
import { Lifecycle } from '../lib/lifecycle.ts'
import { sqliteAddonPath } from '../lib/native-addon.ts'
import { version } from '../lib/version.ts'
import type { SentAlert } from '../model/alert.ts'
import type { Finding } from '../model/finding.ts'
import type { HealthStatus } from '../model/health.ts'
import type { Labels } from '../model/labels.ts'
import type { RuleGroup } from '../model/rule.ts'
import { AckLinks } from '../notify/ack-links.ts'
import { Acknowledgements } from '../notify/acknowledgements.ts'
import { Dispatcher } from '../notify/dispatcher.ts'
import { heldBackBy } from '../notify/held-back.ts'
import { Sender } from '../notify/sender.ts'
import { Silences } from '../notify/silences.ts'
import { dependencyStage, inhibitionStage, maintenanceStage, silenceStage, timeStage } from '../notify/stage.ts'
import { Runner } from '../probe/runner.ts'
import { ScrapeManager } from '../probe/scrape/manager.ts'
import { print } from '../promql/index.ts'
import { queryStore } from '../rule/query.ts'
import { RuleEngine } from '../rule/rule-engine.ts'
import { loadAcknowledgements } from '../store/acknowledgements.ts'
import { loadAlerts } from '../store/alerts.ts'
import { ArrivedFile } from '../store/arrived-file.ts'
import { loadChecks } from '../store/checks.ts'
import { loadNotify } from '../store/notify.ts'
import {
  channelStates,
  failingChannels,
  outboxBacklog,
  recordDelivery,
  releaseLeases,
  settleArrived,
} from '../store/outbox.ts'
import { leaseMessages } from '../store/outbox-lease.ts'
import { standIn } from '../store/outbox-stand-in.ts'
import { getSetting, putSetting } from '../store/settings.ts'
import { loadSilences } from '../store/silences.ts'
import { openStore } from '../store/store.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { SelfMetrics } from '../telemetry/self-metrics.ts'
import { needsToken } from '../web/auth.ts'
import type { CheckView, WebContext } from '../web/context.ts'
import { createWeb, listen } from '../web/server.ts'
import { AckDesk } from './ack-desk.ts'
import { ackKey } from './ack-key.ts'
import { startForwarder } from './alert-forwarding.ts'
import { Announcer } from './announcer.ts'
import { BudgetWatch } from './budget-watch.ts'
import { type Connectivity, connectivityChecks, connectivityOf } from './connectivity.ts'
import { ensureToken } from './first-token.ts'
import { Forwarding } from './forwarding.ts'
import { Heartbeats } from './heartbeats.ts'
import { Housekeeping } from './housekeeping.ts'
import { type CheckInfo, jobOf, type SelfCheck, selfJobOf } from './jobs.ts'
import { Judge, LAST_ALIVE } from './judge.ts'
import { keepListening } from './keep-listening.ts'
import { KpiBook } from './kpi-book.ts'
import { MaintenanceDesk } from './maintenance-desk.ts'
import { alertsAfter, frozenBy } from './outage.ts'
import { buildPlan, externalUrlOf, type Plan } from './plan.ts'
import { Reloader } from './reloader.ts'
import { RuleDesk } from './rule-desk.ts'
import { writeRunFile } from './run-file.ts'
import { Schedule } from './schedule.ts'
import { selfChecks } from './self-checks.ts'
import { SilenceDesk } from './silence-desk.ts'
import { SloDesk } from './slo-desk.ts'
import { Teller } from './teller.ts'
import { testChannel } from './test-channel.ts'
import { Watch } from './watch.ts'

export interface StartOptions {
  readonly config: Config
  /** Files that the config was read from. */
  readonly configFiles: readonly string[]
  /** Reads the config again. */
  readonly reload: () => LoadResult
  readonly clock: Clock
  readonly log?: Log
  /** Where writes are committed; by default on a thread of their own, which only the built program has. */
  readonly writer?: 'thread' | 'inline'
}

/** A running midwatch. */
export interface App {
  /** Where this machine reaches it. */
  readonly url: string
  readonly context: WebContext
  reload(actor: string): Promise<void>
  /** Stops everything in order; the process may end when the promise resolves. */
  stop(reason: string, deadlineMs: number): Promise<void>
}

/** How long a message is worth delivering. */
const MESSAGE_EXPIRY_MS = 24 * 3_600_000

/** Who is connected to whom: everything is opened in the order in which data travels, and closed in the opposite one. */
export async function startApp(options: StartOptions): Promise<App> {
  const { clock } = options
  const startedMs = clock.now()
  const log = options.log ?? createLog(options.config.log.level)
  const lifecycle = new Lifecycle(clock)
  const ending = new AbortController()
  const metrics = new SelfMetrics()
  lifecycle.onStop('metrics', () => metrics.stop())
  let plan = buildPlan(options.config)

  // What is remembered.
  const store = await openStore({
    dataDir: plan.config.storage.data,
    clock,
    limits: plan.config.storage.limits,
    writer: options.writer ?? (hasAsset('writer.cjs') ? 'thread' : 'inline'),
    addonPath: sqliteAddonPath(plan.config.storage.data),
    onCorrupt(what) {
      metrics.corrupt.inc()
      log.error({ event: 'storage.corrupt', what }, 'stored data could not be read; the rest is fine')
    },
    onWriterDeath: (error) =>
      log.fatal({ event: 'storage.writer_died', err: error }, 'nothing can be stored until a restart'),
  })
  lifecycle.onStop('store', () => store.close())
  const { applied, copy } = store.migrated
  if (applied.length > 0)
    log.info({ event: 'storage.migrated', applied, copy }, 'data file brought to the newest schema')
  const audit = new AuditTrail(store.writer, clock)
  const lastAliveMs = Number(getSetting(store.reader, LAST_ALIVE) ?? startedMs)
  const outage = { fromMs: lastAliveMs, toMs: startedMs }

  // What is looked at.
  const calendar = new MaintenanceCalendar()
  const board = new HealthBoard((name) => {
    const occurrence = calendar.ofCheck(name, clock.now())
    return occurrence && { window: occurrence.window.name, untilMs: occurrence.endsAtMs }
  })
  let dependencies = new Dependencies([], board)
  let connectivity: Connectivity | undefined
  const watch = new Watch({ clock, log, store, board, audit })
  const runner = new Runner({
    clock,
    sink: store.series,
    context: {
      get addressPolicy() {
        return plan.config.probes.addressPolicy
      },
      query: (text) => plan.backend?.instant(text, clock.now()) ?? queryStore(store.series, text, clock.now()),
    },
    guard: () => connectivity?.guard,
    isInMaintenance: (job, atMs) => calendar.of(job.labels.probe, atMs) !== undefined,
    concurrency: plan.config.probes.concurrency,
    onRun: (run) => watch.note(run),
    onStartDelay: (delayMs) => metrics.probeStartDelay.observe(delayMs / 1000),
    onError: (error, job) => log.error({ event: 'check.failed', check: job, err: error }, 'a check could not be done'),
  })

  const scrapes = new ScrapeManager({
    configs: [],
    sink: store.series,
    clock,
    get addressPolicy() {
      return plan.config.probes.addressPolicy
    },
    baseFolder: plan.config.folder,
    onError: (error) => log.warn({ event: 'scrape.failed', err: error }, 'trouble with scraping'),
  })

  const forwarding = new Forwarding({
    clock,
    log,
    metrics,
    store,
    policy: () => plan.config.probes.addressPolicy,
    baseFolder: () => plan.config.folder,
    onCorrupt: (what) =>
      log.error({ event: 'storage.corrupt', what }, 'stored data could not be read; the rest is fine'),
  })

  // What is told to us.
  const heartbeats = new Heartbeats({
    store,
    clock,
    startedMs,
    lastAliveMs,
    onError: (error) =>
      log.error({ event: 'heartbeat.not_stored', err: error }, 'a new heartbeat is known in memory only'),
  })

  // Who is told.
  const silences = new Silences(loadSilences(store.reader))
  const findingOf = (labels: Labels) => describeFinding(watch.findingOf(labels.get('check')))
  const acknowledgements = new Acknowledgements(loadAcknowledgements(store.reader))
  const ackLinks = new AckLinks(await ackKey(store, log))
  const dispatchOptions = ({ routing, config }: Plan) => ({
    routing,
    stages: [
      inhibitionStage,
      timeStage(routing.timeIntervals ?? new Map()),
      silenceStage((labels, nowMs) => silences.silenceOf(labels, nowMs)),
      // Last, so that what is held back otherwise is owed to nobody.
      dependencyStage((check, nowMs) => dependencies.causeOf(check, nowMs)),
      maintenanceStage((labels, nowMs) => {
        const occurrence = calendar.of(labels, nowMs)
        return occurrence && { name: occurrence.window.name, endsAtMs: occurrence.endsAtMs }
      }),
    ],
    findingOf,
    tracesOf: (labels: Labels, sinceMs: number) => audit.failures.tracesOf(labels, sinceMs),
    heldBackBy: (labels: Labels, nowMs: number) => heldBackBy(labels, dispatcher.alerts, dependencies, nowMs),
    externalUrl: externalUrlOf(config),
    expiryMs: MESSAGE_EXPIRY_MS,
    acknowledgements,
    ackLinks,
  })
  const dispatcher: Dispatcher = new Dispatcher(dispatchOptions(plan), loadNotify(store.reader), {
    lastAliveMs,
    nowMs: startedMs,
  })
  const arrived = new ArrivedFile(plan.config.storage.data)
  lifecycle.onStop('arrivals', () => arrived.close())
  const sender: Sender = new Sender(
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
    plan.outlets,
  )
  const announcer: Announcer = new Announcer({
    clock,
    store,
    sink() {
      const { events: sink } = plan.config
      return sink === undefined ? undefined : { sink, source: externalUrlOf(plan.config) }
    },
    expiryMs: MESSAGE_EXPIRY_MS,
    onOwed: () => teller.wake(),
    onUnwritten(messages, error) {
      log.error({ event: 'event.not_stored', err: error }, 'events are sent from memory, since the disk refuses them')
      teller.sendUnwritten(messages)
    },
  })
  const messagesOf: Announcer['messagesOf'] = (changes) => announcer.messagesOf(changes)
  const forwarder = startForwarder({ clock, log, metrics }, plan.alertForwarding)
  const forward = (alerts: readonly SentAlert[]) => forwarder.take(alerts)
  const teller = new Teller({ clock, log, metrics, audit, store, dispatcher, sender, forward, messagesOf })
  const desk = new SilenceDesk({
    clock,
    store,
    audit,
    silences,
    onChange: () => teller.wake(),
    announce: (...changes) => announcer.announce(...changes),
    lastAliveMs,
  })

  const onChange = () => teller.wake()
  const acks = new AckDesk({ clock, log, store, audit, acknowledgements, dispatcher, onChange, messagesOf })
  const maintenance = new MaintenanceDesk({
    clock,
    log,
    store,
    audit,
    calendar,
    onChange,
    announce: (...changes) => announcer.announce(...changes),
    lastAliveMs,
  })

  // What is judged.
  /** The time between ticks, which is what Prometheus calls the evaluation interval. */
  let tickMs = cronSpacingMs(plan.config.evaluation.cron, plan.config.evaluation.timezone, startedMs)
  const rules = new RuleEngine({
    query: (expr, atMs, shared) =>
      plan.backend?.instant(print(expr), atMs) ??
      queryStore(store.series, expr, atMs, { shared, defaultSubqueryStepMs: tickMs }),
    sink: store.series,
    externalUrl: externalUrlOf(plan.config),
    restored: alertsAfter(outage, loadAlerts(store.reader)),
    frozenBy: frozenBy(outage, (check, atMs) => board.darkness(check, atMs)),
    get externalLabels() {
      return plan.config.externalLabels
    },
    resendDelayMs: () => plan.config.evaluation.resendDelayMs,
    spacingMs: () => tickMs,
    onResult: (result) => teller.noteEvaluation(result),
    onError: (error, rule) => log.warn({ event: 'rule.failed', rule, err: error }, 'a rule could not be evaluated'),
  })

  const kpis = new KpiBook()
  /** Undefined until they have been read: until then no alert of the last run may be taken for one without a rule. */
  let fileGroups: readonly RuleGroup[] | undefined
  const ruleDesk: RuleDesk = new RuleDesk({
    clock,
    log,
    store,
    audit,
    others: () => [...(fileGroups ?? []), ...slos.groups],
    onChange: () => updateRules(),
    messagesOf,
    onOwed: () => teller.wake(),
  })
  const slos: SloDesk = new SloDesk({
    clock,
    store,
    audit,
    config: () => plan.config,
    onChange: () => updateRules(),
    messagesOf,
    onOwed: () => teller.wake(),
  })
  const updateRules = async () => {
    if (fileGroups === undefined) return
    rules.update([...fileGroups, ...slos.groups, ...ruleDesk.groups])
    await rules.updated()
  }
  const budgets = new BudgetWatch({
    clock,
    store,
    query: (expr, atMs) => plan.backend?.instant(expr, atMs) ?? queryStore(store.series, expr, atMs),
    ids: () => slos.entries.map(({ slo }) => slo.id),
    announce: (...changes) => announcer.announce(...changes),
  })

  // What follows from the config, now and at every reload.
  const schedule = new Schedule(log)
  const housekeeping = new Housekeeping(store, clock, log, () => plan.config)
  const remembered = loadChecks(store.reader).map((row) => ({ ...row, status: row.state as HealthStatus }))
  let selves: () => readonly SelfCheck[] = () => []
  let infos: readonly CheckInfo[] = []
  const showChecks = ({ checks, config }: Plan) => {
    heartbeats.update(checks)
    connectivity = connectivityOf(config.connectivity, clock, connectivity)
    maintenance.configure(config.maintenance)
    const jobs = [
      ...selves().map(selfJobOf),
      ...checks.map((check) => jobOf(check, (heartbeat) => heartbeats.judge(heartbeat))),
    ]
    infos = jobs.map(({ info }) => info)
    calendar.watch(jobs.map(({ job }) => ({ name: job.name, labels: job.labels.probe })))
    board.update(infos, clock.now(), remembered)
    dependencies = new Dependencies(infos, board)
    return jobs.map(({ job }) => job)
  }
  const apply = async (next: Plan, loaded: LoadedRules) => {
    plan = next
    tickMs = cronSpacingMs(next.config.evaluation.cron, next.config.evaluation.timezone, clock.now())
    const jobs = showChecks(next)
    fileGroups = loaded.groups
    for (const problem of slos.update(loaded.slos, next.config))
      log.error({ event: 'slo.problem', ...problem }, problem.message)
    kpis.update(loaded.kpis)
    await updateRules()
    sender.reconfigure(next.outlets)
    metrics.startChannels(next.outlets.keys())
    forwarder.reconfigure(next.alertForwarding)
    metrics.startAlertmanagers(next.alertForwarding.targets.map(({ name }) => name))
    dispatcher.reconfigure(dispatchOptions(next), clock.now())
    schedule.set('evaluation', next.config.evaluation.cron, next.config.evaluation.timezone, (dueMs) =>
      Promise.all([judge.tick(dueMs).then(() => budgets.look()), desk.noteEnded(), maintenance.look()]).then(() =>
        acks.noteEnded(),
      ),
    )
    await runner.update(jobs)
    await scrapes.update(next.config.scrape)
    await forwarding.update(next.config.remoteWrite, next.config.externalLabels)
  }
  const reloader: Reloader = new Reloader(
    {
      clock,
      log,
      metrics,
      load: () => keepListening(options.reload(), options.config.server.listen),
      apply,
      conflicts: ({ slos: ofFiles }) => slos.conflicts(ofFiles),
      onReport({ ok, problems }, actor, traceId) {
        const attributes = { problems: problems.map(({ message }) => message) }
        const fact = { event: 'config.reloaded', actor, action: 'update', resource: 'config', attributes, traceId }
        audit
          .record([{ ...fact, outcome: ok ? 'success' : 'failure' }])
          .catch((error: unknown) =>
            log.error({ event: 'audit.failed', err: error }, 'an audit record could not be written'),
          )
        const type = ok ? 'config.reloaded' : 'config.refused'
        void announcer.announce({ type, subject: 'config', atMs: clock.now(), data: { actor, ...attributes } })
      },
    },
    options.configFiles,
  )
  showChecks(plan)

  // Who looks and asks.
  let isStarted = false
  const localToken = randomBytes(32).toString('base64url')
  const context: WebContext = {
    clock,
    log,
    startedMs,
    config: () => plan.config,
    store,
    board,
    rules,
    ruleGroups: ruleDesk,
    dispatcher,
    audit,
    metrics,
    heartbeats: heartbeats.book,
    silences,
    dependencies: () => dependencies,
    maintenance: calendar,
    startMaintenance: (request, actor, traceId) => maintenance.start(request, actor, traceId),
    endMaintenance: (idOrName, actor, traceId) => maintenance.end(idOrName, actor, traceId),
    setSilence: (request, actor, traceId) => desk.set(request, actor, traceId),
    expireSilence: (id, actor, traceId) => desk.expire(id, actor, traceId),
    acknowledgements,
    ackLinks,
    acknowledge: (fingerprints, request, doer) => acks.acknowledge(fingerprints, request, doer),
    takeBack: (fingerprint, doer) => acks.takeBack(fingerprint, doer),
    takeAlerts: (alerts) => teller.takePosted(alerts),
    tickMs: () => tickMs,
    resolveTimeoutMs: () => plan.config.alertmanager?.resolveTimeoutMs ?? RESOLVE_TIMEOUT_MS,
    alertmanagerConfig: () => alertmanagerYaml(plan.config),
    onPing: (name) => void runner.now(name),
    localToken,
    slos: () => slos.entries,
    saveSlo: (spec, id, actor, traceId) => slos.save(spec, id, actor, traceId),
    deleteSlo: (id, actor, traceId) => slos.delete(id, actor, traceId),
    refreshMetrics: () => judge.refresh(),
    checks: () => infos.map(viewOf),
    kpis,
    targets: () => scrapes.targets(),
    isStarted: () => isStarted,
    backend: () => plan.backend,
    reload: (actor, traceId) => reloader.reload(actor, traceId),
    lastReload: () => reloader.last,
    channelNames: () => [...plan.outlets.keys()],
    testChannel: (name) => testChannel(name, plan.outlets, externalUrlOf(plan.config), clock),
  }
  const { host, port } = plan.config.server.listen
  const listening = await listen(createWeb(context), host, port).catch(async (error: unknown) => {
    await lifecycle.stop(1000)
    throw error
  })
  const judge: Judge = new Judge({
    clock,
    log,
    metrics,
    store,
    rules,
    board,
    calendar,
    startedMs,
    instance: new URL(listening.url).host,
    channels: () => plan.outlets.keys(),
  })
  if (needsToken(context) && plan.config.server.tokens.length === 0) {
    await ensureToken(store, clock, (line) => process.stderr.write(`${line}\n`))
  }
  const removeRunFile = writeRunFile(plan.config.storage.data, {
    url: listening.url,
    pid: process.pid,
    token: localToken,
  })

  // Reading rules takes longer than all the rest: the first questions are answered meanwhile.
  const loaded = await loadRules(plan.config)
  for (const problem of loaded.problems) log.error({ event: 'rules.problem', ...problem }, problem.message)

  // What runs by itself.
  const ownChecks = selfChecks({
    dataDir: plan.config.storage.data,
    ownUrl: listening.url,
    nowMs: () => clock.now(),
    eventLoopLagSeconds: () => judge.eventLoopLagSeconds,
    writer: () => store.writer.stats,
    writeProbe: () => store.writer.run(putSetting, { key: 'write_probe', value: String(clock.now()) }),
    evaluation: () => judge.last,
    evaluationLimitMs: () => 3 * tickMs + 10_000,
    reload: () => ({ ok: reloader.last.ok, message: reloader.last.problems[0]?.message ?? '' }),
    outbox: () => outboxBacklog(store.reader),
    channels: () => channelStates(store.reader),
  })
  const instance = new URL(listening.url).host
  selves = () => [...ownChecks, ...connectivityChecks(connectivity, instance)]
  reloader.watch([...options.configFiles, ...loaded.files])
  await apply(plan, loaded)
  schedule.set('seal', '10 * * * *', undefined, () => housekeeping.seal(ending.signal))
  schedule.set('retention', '40 3 * * *', undefined, async () => {
    await housekeeping.retain()
    await maintenance.retain()
  })
  await Promise.all([
    store.writer
      .run(settleArrived, { arrived: arrived.found, nowMs: clock.now() })
      .then(() => arrived.settled({ isStart: true })),
    store.writer.run(releaseLeases, {}),
  ]).catch(() => log.error({ event: 'storage.failed' }, 'the data file refuses writes'))
  const telling = teller.run(ending.signal)
  isStarted = true

  // Stopping goes through these from the last to the first.
  lifecycle.onStop('run file', removeRunFile)
  lifecycle.onStop('outbox', () => teller.lastPass(AbortSignal.timeout(5000)))
  lifecycle.onStop('telling', () => telling)
  lifecycle.onStop('remote write', () => forwarding.stop())
  lifecycle.onStop('alerts to other Alertmanagers', () => forwarder.stop())
  lifecycle.onStop('check states', () => watch.save())
  lifecycle.onStop('checks', () => runner.stop())
  lifecycle.onStop('scrapes', () => scrapes.stop())
  lifecycle.onStop('schedule', () => {
    schedule.stop()
    reloader.stop()
    ending.abort()
  })
  lifecycle.onStop('server', () => listening.close())

  log.info(
    {
      event: 'midwatch.started',
      version,
      url: listening.url,
      checks: infos.length,
      rules: loaded.groups.reduce((sum, group) => sum + group.rules.length, 0),
    },
    `midwatch listens on ${listening.url}`,
  )
  const startFact = {
    event: 'midwatch.started',
    actor: 'midwatch',
    action: 'start',
    resource: 'midwatch',
    attributes: { version },
  }
  await audit
    .record([startFact])
    .catch((error: unknown) => log.error({ event: 'audit.failed', err: error }, 'the start is not in the audit log'))

  return {
    url: listening.url,
    context,
    async reload(actor) {
      await reloader.reload(actor)
    },
    async stop(reason, deadlineMs) {
      log.info({ event: 'midwatch.stopping', reason }, 'stopping')
      await audit
        .record([{ ...startFact, event: 'midwatch.stopped', action: 'stop', attributes: { reason } }])
        .catch(() => {})
      const reports = await lifecycle.stop(deadlineMs)
      for (const { name, error } of reports) {
        if (error !== undefined)
          log.warn({ event: 'midwatch.stop_failed', part: name, err: error }, 'a part did not stop in order')
      }
      log.info(
        { event: 'midwatch.stopped', parts: reports.map(({ name, tookMs }) => `${name} ${Math.round(tookMs)} ms`) },
        'stopped',
      )
    },
  }
}

function describeFinding(finding: Finding | undefined): string | undefined {
  if (finding === undefined || finding.outcome === 'up') return undefined
  return finding.phase === undefined ? finding.message : `${finding.phase}: ${finding.message}`
}

function viewOf({ labels, ...info }: CheckInfo): CheckView {
  return { ...info, labels: labels.toObject() }
}
