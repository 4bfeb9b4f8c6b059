import type { GoMap, GoMethod, GoSlice, GoStruct, GoTime, GoValue } from '../../lib/go-value.ts'
import { compareText } from '../../model/labels.ts'
import type { Notification, NotifiedAlert } from '../../model/notification.ts'
import { ZERO_TIME_MS } from '../../template/field.ts'

type Record_ = Readonly<Record<string, string>>

/** `.` of a message's template: what Alertmanager calls `template.Data`. */
export function dataOf(notification: Notification): GoStruct {
  const { receiver, status, reason, alerts, groupLabels, commonLabels, commonAnnotations, externalUrl } = notification
  return struct('template.Data', {
    // As Alertmanager does it, since these texts go into patterns.
    Receiver: receiver.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
    Status: status,
    Alerts: alertsOf(alerts),
    GroupLabels: keyValues(groupLabels),
    CommonLabels: keyValues(commonLabels),
    CommonAnnotations: keyValues(commonAnnotations),
    ExternalURL: externalUrl,
    NotificationReason: reason,
    RouteLabels: keyValues({}),
  })
}

function alertsOf(alerts: readonly NotifiedAlert[]): GoSlice {
  const of = (status: NotifiedAlert['status']): GoMethod =>
    method(() => slice('[]template.Alert', alerts.filter((alert) => alert.status === status).map(alertOf)))
  return {
    ...slice('template.Alerts', alerts.map(alertOf)),
    methods: { Firing: of('firing'), Resolved: of('resolved') },
  }
}

function alertOf(alert: NotifiedAlert): GoStruct {
  return {
    ...struct('template.Alert', {
      Status: alert.status,
      Labels: keyValues(alert.labels),
      Annotations: keyValues(alert.annotations),
      StartsAt: time(alert.startsAtMs),
      EndsAt: time(alert.endsAtMs ?? ZERO_TIME_MS),
      GeneratorURL: alert.generatorUrl,
      Fingerprint: alert.fingerprint,
    }),
    isPointer: false,
  }
}

/** A map of texts with the methods that templates call: `.CommonLabels.SortedPairs`, `.Remove`, `.Names`, `.Values`. */
function keyValues(record: Record_): GoMap {
  const names = Object.keys(record).sort(compareText)
  const ordered = alertnameFirst(names)
  return {
    kind: 'map',
    elements: 'string',
    size: names.length,
    keys: () => names,
    get: (key) => (Object.hasOwn(record, key) ? record[key] : undefined),
    methods: {
      SortedPairs: method(() => pairs(ordered, record)),
      Names: method(() => texts(ordered)),
      Values: method(() => texts(ordered.map((name) => record[name] as string))),
      String: method(() => printPairs(ordered, record)),
      Remove: {
        parameters: ['[]string'],
        call: ([gone]) => keyValues(without(record, new Set((gone as GoSlice).items as string[]))),
      },
    },
  }
}

function pairs(names: readonly string[], record: Record_): GoSlice {
  const items = names.map((Name) => ({ ...struct('template.Pair', { Name, Value: record[Name] }), isPointer: false }))
  return {
    ...slice('template.Pairs', items),
    methods: {
      Names: method(() => texts(names)),
      Values: method(() => texts(names.map((name) => record[name] as string))),
      String: method(() => printPairs(names, record)),
    },
  }
}

function printPairs(names: readonly string[], record: Record_): string {
  return names.map((name) => `${name}=${record[name]}`).join(', ')
}

function alertnameFirst(names: readonly string[]): readonly string[] {
  return names.includes('alertname') ? ['alertname', ...names.filter((name) => name !== 'alertname')] : names
}

function without(record: Record_, gone: ReadonlySet<string>): Record_ {
  const kept: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(record)) if (!gone.has(name)) kept[name] = value
  return kept
}

/** Go's `[]string`. */
export function texts(items: readonly string[]): GoSlice {
  return slice('[]string', items)
}

function slice(type: string, items: readonly GoValue[]): GoSlice {
  return { kind: 'slice', type, items }
}

function struct(type: string, fields: Readonly<Record<string, GoValue>>): GoStruct {
  return { kind: 'struct', type, isPointer: true, fields: new Map(Object.entries(fields)) }
}

function time(timeMs: number): GoTime {
  return { kind: 'time', timeMs }
}

function method(call: () => GoValue): GoMethod {
  return { parameters: [], call }
}
