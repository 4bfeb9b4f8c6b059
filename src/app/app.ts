import { randomBytes } from 'node:crypto'
import type { Config } from '../config/config.ts'
import type { LoadResult } from '../config/load.ts'
import { type LoadedRules, loadRules } from '../config/rules.ts'
import type { Clock } from '../lib/clock.ts'
import { version } from '../lib/version.ts'
import { lastUnsuccessful } from '../store/audit.ts'
import { channelStates, outboxBacklog } from '../store/outbox.ts'
import { putSetting } from '../store/settings.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { needsToken } from '../web/auth.ts'
import type { ReloadReport, WebContext } from '../web/context.ts'
import { createWeb, listen } from '../web/server.ts'
import { webContext } from './context.ts'
import { ensureToken } from './first-token.ts'
import { Forwarding } from './forwarding.ts'
import { layGround } from './ground.ts'
import { Housekeeping } from './housekeeping.ts'
import { Judge } from './judge.ts'
import { Judging } from './judging.ts'
import { keepListening } from './keep-listening.ts'
import { Looking } from './looking.ts'
import { buildPlan, type Plan } from './plan.ts'
import { Reloader } from './reloader.ts'
import { writeRunFile } from './run-file.ts'
import { Schedule } from './schedule.ts'
import { selfChecks } from './self-checks.ts'
import { setUpTelling } from './telling.ts'

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

/** Among so many of the newest records it is looked for failures by which an alert of the last run can be explained. */
const RECORDS_LOOKED_AT = 5000

/** A running midwatch. */
export interface App {
  /** Where this machine reaches it. */
  readonly url: string
  readonly context: WebContext
  reload(actor: string): Promise<void>
  /** Stops everything in order; the process may end when the promise resolves. */
  stop(reason: string, deadlineMs: number): Promise<void>
}

/** Who is connected to whom: everything is opened in the order in which data travels, and closed in the opposite one. */
export async function startApp(options: StartOptions): Promise<App> {
  const { clock } = options
  const log = options.log ?? createLog(options.config.log.level)
  const ending = new AbortController()
  let plan = buildPlan(options.config)
  const ground = await layGround({ clock, log, writer: options.writer, plan: () => plan })
  const { lifecycle, metrics, store, audit, startedMs } = ground
  const looking = new Looking(ground)
  const telling = await setUpTelling(ground, looking)
  const judging = new Judging(ground, looking, telling)
  const forwarding = new Forwarding({
    clock,
    log,
    metrics,
    store,
    policy: () => plan.config.probes.addressPolicy,
    baseFolder: () => plan.config.folder,
    onCorrupt: ground.onCorrupt,
  })

  // What follows from the config, now and at every reload.
  const schedule = new Schedule(log)
  const showChecks = (next: Plan) => {
    telling.maintenance.configure(next.config.maintenance)
    return looking.show(next)
  }
  const apply = async (next: Plan, loaded: LoadedRules) => {
    plan = next
    const { evaluation, scrape, remoteWrite, externalLabels } = next.config
    const jobs = showChecks(next)
    await judging.apply(next, loaded)
    telling.apply(next)
    schedule.set('evaluation', evaluation.cron, evaluation.timezone, async (dueMs) => {
      await Promise.all([
        judge.tick(dueMs).then(() => judging.budgets.look()),
        telling.silenceDesk.noteEnded(),
        telling.maintenance.look(),
      ])
      await telling.ackDesk.noteEnded()
    })
    await looking.runner.update(jobs)
    await looking.scrapes.update(scrape)
    await forwarding.update(remoteWrite, externalLabels)
  }
  const reloader: Reloader = new Reloader(
    {
      clock,
      log,
      metrics,
      load: () => keepListening(options.reload(), options.config.server.listen),
      apply,
      conflicts: ({ slos: ofFiles }) => judging.slos.conflicts(ofFiles),
      onReport: noteReload,
    },
    options.configFiles,
  )
  showChecks(plan)

  // Who looks and asks.
  let isStarted = false
  const localToken = randomBytes(32).toString('base64url')
  const context = webContext({
    ground,
    looking,
    telling,
    judging,
    reloader,
    localToken,
    isStarted: () => isStarted,
    refreshMetrics: () => judge.refresh(),
  })
  const { host, port } = plan.config.server.listen
  const listening = await listen(createWeb(context), host, port).catch(async (error: unknown) => {
    await lifecycle.stop(1000)
    throw error
  })
  const instance = new URL(listening.url).host
  const judge: Judge = new Judge({
    clock,
    log,
    metrics,
    store,
    rules: judging.rules,
    board: looking.board,
    calendar: looking.calendar,
    startedMs,
    instance,
    channels: () => plan.outlets.keys(),
  })
  if (needsToken(context) && plan.config.server.tokens.length === 0) {
    await ensureToken(store, clock, (line) => process.stderr.write(`${line}\n`))
  }
  const runFile = { url: listening.url, pid: process.pid, token: localToken }
  lifecycle.onStop('run file', writeRunFile(plan.config.storage.data, runFile))

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
    evaluationLimitMs: () => 3 * judging.tickMs + 10_000,
    reload: () => ({ ok: reloader.last.ok, message: reloader.last.problems[0]?.message ?? '' }),
    outbox: () => outboxBacklog(store.reader),
    channels: () => channelStates(store.reader),
  })
  looking.lookAtOneself(ownChecks, instance)
  reloader.watch([...options.configFiles, ...loaded.files])
  await apply(plan, loaded)
  const housekeeping = new Housekeeping(store, clock, log, () => plan.config)
  schedule.set('seal', '10 * * * *', undefined, () => housekeeping.seal(ending.signal))
  schedule.set('retention', '40 3 * * *', undefined, async () => {
    await housekeeping.retain()
    await telling.maintenance.retain()
  })
  audit.failures.note(lastUnsuccessful(store.reader, RECORDS_LOOKED_AT))
  await telling.start(ending.signal)
  isStarted = true

  // Stopping goes through these from the last to the first.
  lifecycle.onStop('remote write', () => forwarding.stop())
  lifecycle.onStop('check states', () => looking.watch.save())
  lifecycle.onStop('checks', () => looking.runner.stop())
  lifecycle.onStop('scrapes', () => looking.scrapes.stop())
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
      checks: looking.infos.length,
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

  function noteReload({ ok, problems }: ReloadReport, actor: string, traceId: string | undefined): void {
    const attributes = { problems: problems.map(({ message }) => message) }
    const fact = { event: 'config.reloaded', actor, action: 'update', resource: 'config', attributes, traceId }
    audit
      .record([{ ...fact, outcome: ok ? 'success' : 'failure' }])
      .catch((error: unknown) =>
        log.error({ event: 'audit.failed', err: error }, 'an audit record could not be written'),
      )
    const type = ok ? 'config.reloaded' : 'config.refused'
    void telling.announce({ type, subject: 'config', atMs: clock.now(), data: { actor, ...attributes } })
  }
}
