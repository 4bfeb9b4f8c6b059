import { RESOLVE_TIMEOUT_MS } from '../config/alertmanager/global.ts'
import { alertmanagerYaml } from '../config/alertmanager/print.ts'
import type { CheckView, WebContext } from '../web/context.ts'
import type { Ground } from './ground.ts'
import type { CheckInfo } from './jobs.ts'
import type { Judging } from './judging.ts'
import type { Looking } from './looking.ts'
import { externalUrlOf } from './plan.ts'
import type { Reloader } from './reloader.ts'
import type { Telling } from './telling.ts'
import { testChannel } from './test-channel.ts'

interface Parts {
  readonly ground: Ground
  readonly looking: Looking
  readonly telling: Telling
  readonly judging: Judging
  readonly reloader: Reloader
  readonly localToken: string
  readonly isStarted: () => boolean
  readonly refreshMetrics: () => void
}

/** What pages and the API see of the program, and may have it do. */
export function webContext(parts: Parts): WebContext {
  const { ground, looking, telling, judging, reloader, localToken, isStarted, refreshMetrics } = parts
  const { clock, log, startedMs, store, audit, metrics, plan } = ground
  const { silenceDesk, ackDesk, maintenance, teller } = telling
  const { slos } = judging
  return {
    clock,
    log,
    startedMs,
    config: () => plan().config,
    store,
    board: looking.board,
    rules: judging.rules,
    ruleGroups: judging.ruleDesk,
    dispatcher: telling.dispatcher,
    audit,
    metrics,
    heartbeats: looking.heartbeats.book,
    silences: telling.silences,
    dependencies: () => looking.dependencies,
    maintenance: looking.calendar,
    startMaintenance: (request, actor, traceId) => maintenance.start(request, actor, traceId),
    endMaintenance: (idOrName, actor, traceId) => maintenance.end(idOrName, actor, traceId),
    setSilence: (request, actor, traceId) => silenceDesk.set(request, actor, traceId),
    expireSilence: (id, actor, traceId) => silenceDesk.expire(id, actor, traceId),
    acknowledgements: telling.acknowledgements,
    ackLinks: telling.ackLinks,
    acknowledge: (fingerprints, request, doer) => ackDesk.acknowledge(fingerprints, request, doer),
    takeBack: (fingerprint, doer) => ackDesk.takeBack(fingerprint, doer),
    takeAlerts: (alerts) => teller.takePosted(alerts),
    tickMs: () => judging.tickMs,
    resolveTimeoutMs: () => plan().config.alertmanager?.resolveTimeoutMs ?? RESOLVE_TIMEOUT_MS,
    alertmanagerConfig: () => alertmanagerYaml(plan().config),
    onPing: (name) => void looking.runner.now(name),
    localToken,
    slos: () => slos.entries,
    saveSlo: (spec, id, actor, traceId) => slos.save(spec, id, actor, traceId),
    deleteSlo: (id, actor, traceId) => slos.delete(id, actor, traceId),
    refreshMetrics,
    checks: () => looking.infos.map(viewOf),
    kpis: judging.kpis,
    targets: () => looking.scrapes.targets(),
    isStarted,
    backend: () => plan().backend,
    reload: (actor, traceId) => reloader.reload(actor, traceId),
    lastReload: () => reloader.last,
    channelNames: () => [...plan().outlets.keys()],
    testChannel: (name) => testChannel(name, plan().outlets, externalUrlOf(plan().config), clock),
  }
}

function viewOf({ labels, ...info }: CheckInfo): CheckView {
  return { ...info, labels: labels.toObject() }
}
