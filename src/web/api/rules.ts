import { createHash } from 'node:crypto'
import { formatFloat } from '../../lib/go-format.ts'
import type { AlertInstance } from '../../model/alert.ts'
import { compareText, Labels } from '../../model/labels.ts'
import { type Matcher, matchesAll } from '../../model/matcher.ts'
import { parse, print } from '../../promql/index.ts'
import type { GroupView, RuleView } from '../../rule/rule-engine.ts'
import { requireScope } from '../auth.ts'
import type { WebContext } from '../context.ts'
import { answering } from '../prometheus/answer.ts'
import { invalidParameter, type Parameters } from '../prometheus/parameters.ts'
import { goTime } from '../prometheus/time.ts'
import type { Api } from '../registry.ts'

/** Prometheus' addresses that show rules, their alerts, and what is scraped. */
export const rulesApi: Api = (web, context) => {
  const read = requireScope(context, 'read')
  web.get(
    '/api/v1/rules',
    read,
    answering(context, (parameters) => ({ data: { value: groups(context, parameters) } })),
  )
  web.get(
    '/api/v1/alerts',
    read,
    answering(context, () => {
      const alerts = sorted(context.rules.groups).flatMap(({ rules }) => rules.flatMap(activeAlerts))
      return { data: { value: { alerts: alerts.map(alertJson) } } }
    }),
  )
  web.get(
    '/api/v1/targets',
    read,
    answering(context, (parameters) => ({ data: { value: targets(context, parameters) } })),
  )
}

function groups({ rules, tickMs }: WebContext, parameters: Parameters) {
  const filter = filterOf(parameters)
  const page = pageOf(parameters)
  const shown = page.from(sorted(rules.groups)).flatMap((view) => {
    const kept = filter.hasGroup(view.group) ? view.rules.filter(filter.hasRule) : []
    return kept.length === 0 ? [] : [{ view, kept }]
  })
  const next = shown[page.limit]
  return {
    groups: shown.slice(0, page.limit).map(({ view, kept }) => ({
      name: view.group.name,
      file: view.group.file,
      rules: kept.map((rule) => ruleJson(rule, filter.withAlerts)),
      interval: (view.group.intervalMs ?? tickMs()) / 1000,
      limit: view.group.limit,
      evaluationTime: view.evaluationSeconds,
      lastEvaluation: goTime(view.lastEvaluationMs),
    })),
    ...(next === undefined ? {} : { groupNextToken: tokenOf(next.view.group) }),
  }
}

/** A part of the groups: at most so many, from the one on that the last part named. */
function pageOf(parameters: Parameters) {
  const [limitText, token] = [parameters.get('group_limit'), parameters.get('group_next_token')]
  if (limitText === '' && token !== '') {
    throw invalidParameter('group_next_token', 'group_limit needs to be present in order to paginate over the groups')
  }
  const limit = limitText === '' ? Number.POSITIVE_INFINITY : Number(limitText)
  if (!/^[-+]?\d*$/.test(limitText)) {
    throw invalidParameter('group_limit', `group_limit needs to be a valid number: "${limitText}" is none`)
  }
  if (limit <= 0) throw invalidParameter('group_limit', 'group_limit needs to be greater than 0')
  return {
    limit,
    from(views: readonly GroupView[]): readonly GroupView[] {
      const first = token === '' ? 0 : views.findIndex(({ group }) => tokenOf(group) === token)
      if (first >= 0) return views.slice(first)
      throw invalidParameter('group_next_token', `invalid group_next_token '${token}'. were rule groups changed?`)
    },
  }
}

function tokenOf({ file, name }: GroupView['group']): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex')
}

/** As Prometheus lists them: by file, then by name. */
function sorted(views: readonly GroupView[]): GroupView[] {
  return [...views].sort((a, b) => compareText(a.group.file, b.group.file) || compareText(a.group.name, b.group.name))
}

function filterOf(parameters: Parameters) {
  const type = parameters.get('type').toLowerCase()
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw invalidParameter('type', `not supported value "${type}"`)
  }
  const excludes = parameters.get('exclude_alerts').toLowerCase()
  if (!['', '1', 't', 'true', '0', 'f', 'false'].includes(excludes)) {
    throw invalidParameter('exclude_alerts', `strconv.ParseBool: parsing "${excludes}": invalid syntax`)
  }
  const names = new Set(parameters.all('rule_name[]'))
  const groupNames = new Set(parameters.all('rule_group[]'))
  const files = new Set(parameters.all('file[]'))
  const selectors = parameters.selectors()
  const has = (set: ReadonlySet<string>, text: string) => set.size === 0 || set.has(text)
  return {
    hasGroup: ({ name, file }: { readonly name: string; readonly file: string }) =>
      has(groupNames, name) && has(files, file),
    hasRule: ({ rule }: RuleView) =>
      (type === '' || (type === 'alert') === (rule.kind === 'alerting')) &&
      has(names, rule.kind === 'alerting' ? rule.alert : rule.record) &&
      isWanted(rule.labels, selectors),
    withAlerts: !['1', 't', 'true'].includes(excludes),
  }
}

function isWanted(ruleLabels: Readonly<Record<string, string>>, selectors: readonly (readonly Matcher[])[]): boolean {
  if (selectors.length === 0) return true
  const labels = Labels.of(ruleLabels)
  return selectors.some((matchers) => matchesAll(matchers, labels))
}

function ruleJson(view: RuleView, withAlerts: boolean) {
  const { rule, health, lastError, lastEvaluationMs, evaluationSeconds } = view
  const common = {
    query: print(parse(rule.expr)),
    labels: Labels.of(rule.labels),
    health,
    ...(lastError === undefined ? {} : { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: goTime(lastEvaluationMs),
  }
  if (rule.kind === 'recording') return { name: rule.record, ...common, type: 'recording' }
  return {
    state: stateOf(view),
    name: rule.alert,
    ...common,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: Labels.of(rule.annotations),
    alerts: withAlerts ? activeAlerts(view).map(alertJson) : [],
    type: 'alerting',
  }
}

/** The worst state of a rule's alerts; nobody knows it before the first evaluation. */
function stateOf({ alerts, lastEvaluationMs }: RuleView): AlertInstance['state'] | 'unknown' {
  if (lastEvaluationMs === undefined && alerts.length === 0) return 'unknown'
  const states = new Set(alerts.map(({ state }) => state))
  return states.has('firing') ? 'firing' : states.has('pending') ? 'pending' : 'inactive'
}

function activeAlerts({ rule, alerts }: RuleView): readonly AlertInstance[] {
  return rule.kind === 'alerting' ? alerts.filter(({ state }) => state !== 'inactive') : []
}

function alertJson({ labels, annotations, state, activeAtMs, keepFiringSinceMs, frozen, value }: AlertInstance) {
  return {
    labels,
    annotations,
    state,
    activeAt: goTime(activeAtMs),
    ...(keepFiringSinceMs === undefined ? {} : { keepFiringSince: goTime(keepFiringSinceMs) }),
    // Prometheus knows no such thing; its clients leave out what they do not know.
    ...(frozen === undefined ? {} : { frozenSince: goTime(frozen.sinceMs), frozenBy: frozen.reason }),
    value: formatFloat(value, 'e', -1),
  }
}

function targets(context: WebContext, parameters: Parameters) {
  const { activeTargets, droppedTargets, droppedTargetCounts } = context.targets()
  const state = parameters.get('state').toLowerCase()
  const pool = parameters.get('scrapePool')
  const ofPool = <T extends { readonly scrapePool: string }>(all: readonly T[]) =>
    pool === '' ? all : all.filter(({ scrapePool }) => scrapePool === pool)
  return {
    activeTargets: state === 'dropped' ? [] : ofPool(activeTargets),
    droppedTargets: state === 'active' ? [] : ofPool(droppedTargets),
    droppedTargetCounts,
  }
}
