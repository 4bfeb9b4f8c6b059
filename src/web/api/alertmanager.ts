import type { Context } from 'hono'
import { version } from '../../lib/version.ts'
import { compareText } from '../../model/labels.ts'
import { compileAnchoredRegex } from '../../model/regex.ts'
import type { AlertView } from '../../notify/alert-view.ts'
import { alertJson, readAlerts } from '../alertmanager/alert-json.ts'
import { alertmanagerStyle, filterOf, isWanted, satisfies, timeText } from '../alertmanager/answer.ts'
import { readSilence, silenceJson } from '../alertmanager/silence-json.ts'
import { requireScope } from '../auth.ts'
import { readJson } from '../body.ts'
import type { Api } from '../registry.ts'

/**
 * Alertmanager's API, version 2: amtool, Grafana and Karma work with it, and a Prometheus can send its alerts here.
 *
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
export const alertmanagerApi: Api = (web, context) => {
  const { clock, silences, dispatcher, acknowledgements } = context
  const json = (view: AlertView) => alertJson(view, (alert) => acknowledgements.of(alert, clock.now()))
  const read = requireScope(context, 'read')
  const admin = requireScope(context, 'admin')

  web.get(
    '/api/v2/status',
    read,
    alertmanagerStyle((c) =>
      c.json({
        cluster: { name: '', peers: [], status: 'disabled' },
        config: { original: context.alertmanagerConfig() },
        uptime: timeText(context.startedMs),
        versionInfo: {
          branch: '',
          buildDate: '',
          buildUser: '',
          goVersion: '',
          revision: '',
          version: `0.28.0-midwatch-${version}`,
        },
      }),
    ),
  )
  web.get(
    '/api/v2/receivers',
    read,
    alertmanagerStyle((c) => c.json(dispatcher.receivers.map((name) => ({ name })))),
  )

  web.get(
    '/api/v2/alerts',
    read,
    alertmanagerStyle((c) => {
      const isTold = receiverTest(c.req.query('receiver'))
      const isAsked = alertFilter(c)
      const views = dispatcher
        .alertViews(clock.now(), silences)
        .filter((view) => view.receivers.some(isTold) && isAsked(view))
      return c.json(views.sort((a, b) => compareText(a.alert.fingerprint, b.alert.fingerprint)).map(json))
    }),
  )
  web.post(
    '/api/v2/alerts',
    requireScope(context, 'ingest'),
    alertmanagerStyle(async (c) => {
      const { alerts, errors } = readAlerts(await readJson(c), clock.now(), context.resolveTimeoutMs())
      await context.takeAlerts(alerts)
      return errors.length === 0 ? c.body(null, 200) : c.json(errors.join('; '), 400)
    }),
  )
  web.get(
    '/api/v2/alerts/groups',
    read,
    alertmanagerStyle((c) => {
      const isTold = receiverTest(c.req.query('receiver'))
      const isAsked = alertFilter(c)
      const isMutedAsked = isWanted(c, 'muted')
      const groups = dispatcher.groupViews(clock.now(), silences).filter(({ receiver }) => isTold(receiver))
      const shown = groups.flatMap(({ labels, receiver, mutedBy, alerts }) => {
        const kept = isMutedAsked || mutedBy.length === 0 ? alerts.filter(isAsked) : []
        if (kept.length === 0) return []
        // Of its receivers those that are asked for, in order.
        const told = kept.map((view) => ({ ...view, receivers: view.receivers.filter(isTold).sort(compareText) }))
        return [{ alerts: told.map(json), labels: labels.toObject(), receiver: { name: receiver } }]
      })
      return c.json(shown)
    }),
  )

  web.get(
    '/api/v2/silences',
    read,
    alertmanagerStyle((c) => {
      const filter = filterOf(c)
      const nowMs = clock.now()
      const wanted = { active: isWanted(c, 'active'), pending: isWanted(c, 'pending'), expired: isWanted(c, 'expired') }
      const shown = silences
        .list(nowMs)
        .filter(({ matchers }) =>
          filter.every(({ name, op, value }) =>
            matchers.some((one) => one.name === name && one.op === op && one.value === value),
          ),
        )
        .map((silence) => silenceJson(silence, nowMs))
        .filter(({ status }) => wanted[status.state])
      return c.json(shown)
    }),
  )
  web.post(
    '/api/v2/silences',
    admin,
    alertmanagerStyle(async (c) => {
      const request = readSilence(await readJson(c), clock.now())
      const silenceID = await context.setSilence(request, c.get('caller')?.name ?? 'local', c.get('traceId'))
      return c.json({ silenceID })
    }),
  )
  web.get(
    '/api/v2/silence/:id',
    read,
    alertmanagerStyle((c) => {
      const silence = silences.find(c.req.param('id') ?? '')
      if (silence === undefined) return c.json(`there is no silence ${c.req.param('id')}`, 404)
      return c.json(silenceJson(silence, clock.now()))
    }),
  )
  web.delete(
    '/api/v2/silence/:id',
    admin,
    alertmanagerStyle(async (c) => {
      await context.expireSilence(c.req.param('id') ?? '', c.get('caller')?.name ?? 'local', c.get('traceId'))
      return c.body(null, 200)
    }),
  )
}

/** Whether a receiver is asked for; all are without a pattern. */
function receiverTest(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true
  const regex = compileAnchoredRegex(pattern)
  return (name) => regex.test(name)
}

function alertFilter(c: Context): (view: AlertView) => boolean {
  const filter = filterOf(c)
  const wanted = {
    active: isWanted(c, 'active'),
    silenced: isWanted(c, 'silenced'),
    inhibited: isWanted(c, 'inhibited'),
  }
  return ({ alert, silencedBy, inhibitedBy, mutedBy }) => {
    if (!satisfies(filter, alert.labels)) return false
    const isSuppressed = silencedBy.length + inhibitedBy.length + mutedBy.length > 0
    if (!wanted.active && !isSuppressed) return false
    if (!wanted.silenced && silencedBy.length > 0) return false
    return wanted.inhibited || inhibitedBy.length === 0
  }
}
