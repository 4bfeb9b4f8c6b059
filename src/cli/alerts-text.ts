import { shortNumber } from '../model/measure.ts'
import { momentText, spanText } from '../model/moment.ts'
import type {
  AlertEventJson,
  AlertPastJson,
  AlertStoryJson,
  ChannelJson,
  CurrentAlertJson,
  EpisodeJson,
  RouteJson,
} from '../web/alerts/json.ts'
import type { Page } from './alerts-matchers.ts'
import { plain, table } from './print.ts'

/** What fires, a line each, and what holds it back below it. */
export function currentText(items: readonly CurrentAlertJson[], total: number, nowMs: number): string {
  if (total === 0) return 'Nothing fires, and nothing is about to.\n'
  const rows = items.map((alert) => [
    alert.fingerprint,
    alert.state,
    `for ${spanText(nowMs - Date.parse(alert.since))}`,
    plain(alert.severity),
    plain(alert.alertname),
    labelsText(alert.labels),
  ])
  const lines = table(rows).split('\n')
  const shown = items.map((alert, i) => [lines[i], ...notesOf(alert).map((note) => `  ${note}`)].join('\n'))
  const rest = total > items.length ? `… and ${total - items.length} more\n` : ''
  return `${shown.join('\n')}\n${rest}`
}

function notesOf({ notes, acknowledged }: CurrentAlertJson): readonly string[] {
  return [...notes.map(plain), ...acknowledgedNote(acknowledged)]
}

function acknowledgedNote(acknowledged: CurrentAlertJson['acknowledged']): readonly string[] {
  if (acknowledged === null) return []
  const { by, until, reason } = acknowledged
  return [`acknowledged by ${plain(by)} until ${moment(until)}${reason === '' ? '' : `: ${plain(reason)}`}`]
}

/** What fired, a line each. */
export function historyText(
  { items, total, total_is: totalIs }: Page<EpisodeJson>,
  page: number,
  pageSize: number,
): string {
  if (items.length === 0) return total === 0 ? 'Nothing fired.\n' : `There is no page ${page}.\n`
  const rows = items.map(({ fingerprint, started, duration_seconds: seconds, severity, alertname, ...one }) => [
    moment(started),
    seconds === null ? 'still fires' : `for ${spanText(seconds * 1000)}`,
    plain(severity),
    plain(alertname),
    peakText(one),
    fingerprint,
    labelsText(one.labels),
  ])
  const last = (page - 1) * pageSize + items.length
  const count = `${totalIs === 'at_least' ? 'over ' : ''}${total}`
  const rest = last < total ? `\n${last} of ${count}; --page ${page + 1} shows more.\n` : ''
  return `${table(rows)}${rest}`
}

function peakText({ peak_value: peak, threshold }: Pick<EpisodeJson, 'peak_value' | 'threshold'>): string {
  if (peak === null || threshold?.startsWith('==')) return ''
  return `worst ${rounded(peak)}${threshold === null ? '' : ` (${threshold})`}`
}

/** The alerts that are meant by the same labels. */
export function choiceText(found: readonly (CurrentAlertJson | EpisodeJson)[]): string {
  const rows = found.map(({ fingerprint, alertname, labels }) => [fingerprint, plain(alertname), labelsText(labels)])
  return table(rows).trimEnd()
}

/** The story of an alert, for a person who wants to know why somebody was or was not told. */
export function storyText(story: AlertStoryJson | AlertPastJson, nowMs: number): string {
  const parts = [
    headText(story),
    'state' in story
      ? factsText(story, nowMs)
      : 'midwatch does not run: what is kept is told, and not what comes next.\n',
    ...('state' in story ? [`Who is told\n${story.routes.map((route) => routeText(route, nowMs)).join('')}`] : []),
    `What happened\n${eventsText(story.events)}`,
    ...beforeText(story),
  ]
  return parts.join('\n')
}

function headText(story: AlertStoryJson | AlertPastJson): string {
  const { alertname, severity, labels, annotations, fingerprint } = story
  const what = [alertname || 'An alert whose labels are not known: it never fired', severity, fingerprint]
  const lines = [
    what
      .filter((text) => text !== '')
      .map(plain)
      .join('  '),
    ...[annotations.summary, annotations.description].flatMap((text) =>
      text === undefined || text === '' ? [] : [`  ${plain(text)}`],
    ),
    `  ${labelsText(labels)}`,
  ]
  return `${lines.filter((line) => line.trim() !== '').join('\n')}\n`
}

function factsText(story: AlertStoryJson, nowMs: number): string {
  const { value, peak_value: peak, rule, runbook, check } = story
  const threshold = story.threshold?.startsWith('==') ? null : story.threshold
  const rows: string[][] = [['  state', stateText(story, nowMs)]]
  if (value !== null) {
    const worst = peak === null || peak === value ? '' : `, worst ${rounded(peak)}`
    rows.push(['  value', `${rounded(value)}${threshold === null ? '' : ` (threshold ${threshold})`}${worst}`])
  }
  if (rule !== null) {
    const fault = rule.last_error === null ? rule.health : `it fails: ${plain(rule.last_error)}`
    const when =
      rule.last_evaluation === null ? 'not evaluated yet' : `evaluated ${ago(rule.last_evaluation, nowMs)}, ${fault}`
    rows.push(['  rule', plain(`${rule.group} in ${rule.file}, ${when}`)], ['  query', plain(rule.query)])
  }
  if (check !== null && check.message !== '') {
    const phase = check.phase === null ? '' : `${check.phase}: `
    rows.push(['  check', plain(`${check.name} is ${check.status}: ${phase}${check.message}`)])
  }
  if (story.trace_ids.length > 0) rows.push(['  traces', story.trace_ids.join(' ')])
  if (runbook !== null) rows.push(['  runbook', plain(runbook)])
  for (const note of acknowledgedNote(story.acknowledged)) rows.push(['  people', note])
  rows.push(['  page', plain(story.page)])
  return table(rows)
}

function stateText(
  { state, active_since: active, firing_since: firing, ended }: AlertStoryJson,
  nowMs: number,
): string {
  const since = (time: string | null) =>
    time === null ? '' : ` since ${moment(time)} (${spanText(nowMs - Date.parse(time))})`
  switch (state) {
    case 'pending':
      return `pending${since(active)}`
    case 'firing':
      return `firing${since(firing)}${active === null || active === firing ? '' : `, true since ${moment(active)}`}`
    case 'resolved':
    case 'gone': {
      if (ended === null) return 'not firing'
      const from = firing === null ? '' : `, it fired from ${moment(firing)}`
      return `over since ${moment(ended)} (${spanText(nowMs - Date.parse(ended))})${from}`
    }
  }
}

function routeText(route: RouteJson, nowMs: number): string {
  const { group_labels: group, next_look: look, channels, escalation } = route
  const together = Object.keys(group).length === 0 ? 'everything on this route' : pairsText(group)
  const next = look === null ? '' : `; looked at next ${soon(look, nowMs)}`
  const lines = [
    `  ${plain(route.receiver)}: ${route.path.map(plain).join(' → ')}`,
    `    in one message with ${together}${next}`,
    ...(channels.length === 0 ? ['    nobody: the receiver has no channel'] : []),
    ...channels.flatMap((channel) => channelLines(channel, nowMs)),
    ...escalation.map(
      ({ after, channels: names, told, due }) =>
        `    after ${after} without an acknowledgement ${names.map(plain).join(', ')}: ${stepText(told, due, nowMs)}`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function channelLines(
  { channel, last_told: last, next_send: next, reason, owed }: ChannelJson,
  nowMs: number,
): string[] {
  const told = last === null ? 'not told yet' : `told ${soon(last, nowMs)}`
  const was = owed.length > 0 ? 'its last message has not arrived' : told
  const comes = next === null ? `nothing next: ${plain(reason)}` : `next ${soon(next, nowMs)}, ${plain(reason)}`
  const waiting = owed.slice(0, 1).map(({ since, attempts, next_try: retry, last_error: error }) => {
    const failed = error === null ? '' : `, failed: ${plain(error)}`
    const count = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`
    return `      owed since ${soon(since, nowMs)}: ${count}, next ${soon(retry, nowMs)}${failed}`
  })
  // Of one group a message waits for the one before it.
  const behind = owed.length > 1 ? [`      and ${owed.length - 1} more behind it`] : []
  return [`    ${plain(channel)}: ${comes}; ${was}`, ...waiting, ...behind]
}

function stepText(told: string | null, due: string | null, nowMs: number): string {
  if (told !== null) return `told ${soon(told, nowMs)}`
  return due === null ? 'not due' : `due ${soon(due, nowMs)}`
}

/** A line each, with the day above the first of each day. */
function eventsText(events: readonly AlertEventJson[]): string {
  if (events.length === 0) return '  nothing that is kept\n'
  const width = Math.max(...events.map(({ kind }) => plain(kind).length))
  let day = ''
  return events
    .map(({ at, kind, detail, times, last }) => {
      const [date = '', time = ''] = moment(at).split(' ')
      const head = date === day ? '' : `  ${date}\n`
      day = date
      const count = times === 1 ? '' : ` (${times} times until ${sameDay(last, date)})`
      return `${head}    ${time}  ${plain(kind).padEnd(width)}  ${plain(detail)}${count}\n`
    })
    .join('')
}

function beforeText({ episodes, episodes_total: total }: AlertPastJson): readonly string[] {
  const over = episodes.filter(({ ended }) => ended !== null)
  if (total <= 1 || over.length === 0) return []
  const lines = over.map(
    ({ started, duration_seconds: seconds }) => `  ${moment(started)} for ${spanText((seconds ?? 0) * 1000)}\n`,
  )
  const rest = total > episodes.length ? `  … and ${total - episodes.length} more\n` : ''
  return [`Fired before\n${lines.join('')}${rest}`]
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const others = Object.entries(labels).filter(([name]) => name !== 'alertname' && name !== 'severity')
  return pairsText(Object.fromEntries(others))
}

function pairsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => plain(`${name}=${/[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value}`))
    .join(' ')
}

function sameDay(time: string, date: string): string {
  const text = moment(time)
  return text.startsWith(date) ? text.slice(11, 19) : text
}

function moment(time: string): string {
  return momentText(Date.parse(time))
}

/** `15:33:24 UTC (in 44 s)`, with the date when it is not today's. */
function soon(time: string, nowMs: number): string {
  const [date = '', rest = ''] = moment(time).split(/ (.*)/)
  return `${momentText(nowMs).startsWith(date) ? rest : `${date} ${rest}`} (${ago(time, nowMs)})`
}

function ago(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time)
  return ms >= 0 ? `${spanText(ms)} ago` : `in ${spanText(-ms)}`
}

function rounded(value: number | string): string {
  return typeof value === 'string' ? value : shortNumber(value)
}
