import { describe, expect, test } from 'vitest'
import { formatProblem } from '../../../src/model/problem.ts'
import type { Slo } from '../../../src/objective/slo.ts'
import { readSpecs } from '../../../src/objective/spec/read.ts'

function read(...texts: readonly string[]) {
  const files = texts.map((text, i) => ({ file: `${String.fromCharCode(97 + i)}.yml`, text }))
  const { slos, problems, windows } = readSpecs(files, { promql: 'unless told' })
  return { slos, windows, problems: problems.map(formatProblem) }
}

/** One SLO in Sloth's format; `more` are further keys of it. */
function sloth(more = '', name = 'requests'): string {
  return `version: prometheus/v1
service: shop
slos:
  - name: ${name}
    objective: 99.9
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{ .window }}]))' } }
    alerting: { name: Burns }
${more.replace(/^(?=.)/gm, '    ')}`
}

describe("Sloth's format", () => {
  test('labels of the file and of the SLO go together, and scalars become the texts that Sloth makes of them', () => {
    const { slos, problems } = read(
      sloth(
        'labels: { tier: 2, ratio: 0.20, on_call: yes, big: 1e6, octal: 010, hidden: _1, none: _, quoted: "0.20", zone: a }',
      ).replace('slos:', 'labels: { zone: file, team: shop }\nslos:'),
    )
    expect(problems).toEqual([])
    expect(slos[0]?.labels).toEqual({
      zone: 'a',
      team: 'shop',
      tier: '2',
      ratio: '0.2',
      on_call: 'true',
      big: '1e+06',
      octal: '8',
      hidden: '_1',
      none: '_',
      quoted: '0.20',
    })
  })

  test('a fault in what is measured hides no other fault', () => {
    const { problems } = read(`version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 101
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]', total_query: 't[{{.window}}]' } }
    labels: { team: "" }
    policy: slow-fast
    alerting: { name: Burns }
`)
    const places = problems.map((line) => line.slice(0, line.indexOf(': ', line.indexOf(' ') + 1)))
    expect(places.sort()).toEqual([
      'a.yml:5:16: slos[0].objective',
      'a.yml:6:35: slos[0].sli.events.error_query',
      'a.yml:6:75: slos[0].sli.events.total_query',
      'a.yml:7:21: slos[0].labels.team',
      'a.yml:8:13: slos[0].policy',
    ])
  })

  test('one mistake is told once', () => {
    expect(
      read('version: prometheus/v1\nservice: shop\nlabels: { team: { name: a } }\nslos: { name: one }\n').problems,
    ).toEqual(['a.yml:3:11: labels.team: has to be a text, not a map', 'a.yml:4:1: slos: has to be a list'])
    expect(read('version: prometheus/v1\nservice: shop\nslos:\n').problems).toEqual([
      expect.stringContaining('slos: is empty; write at least one SLO'),
    ])
  })

  test('alerts have the labels and annotations of both places, and those that are off have none', () => {
    const { slos } = read(
      sloth().replace(
        'alerting: { name: Burns }',
        'alerting: { name: Burns, labels: { a: x, b: x }, annotations: { n: all }, page_alert: { labels: { b: page } }, ticket_alert: { disable: true, labels: { c: "" } } }',
      ),
    )
    expect(slos[0]?.page).toEqual({ name: 'Burns', labels: { a: 'x', b: 'page' }, annotations: { n: 'all' } })
    expect(slos[0]?.ticket).toBeUndefined()
  })

  test('the Kubernetes object says the same in its own words', () => {
    const { slos, problems } = read(`apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: { name: shop, namespace: prod }
spec:
  service: shop
  slos:
    - name: requests
      objective: 99.9
      sli: { raw: { errorRatioQuery: 'sum(rate(e[{{.window}}])) / sum(rate(t[{{.window}}]))' } }
      alerting: { name: Burns, pageAlert: { disable: true }, ticketAlert: { labels: { a: b } } }
`)
    expect(problems).toEqual([])
    expect(slos[0]).toMatchObject({
      id: 'shop-requests',
      sli: { kind: 'raw' },
      page: undefined,
      ticket: { labels: { a: 'b' } },
      origin: { mode: 'cli-gen-k8s', spec: 'sloth.slok.dev/v1', file: 'a.yml', line: 7 },
    })
  })

  test.each([
    ['objective: 99.9', 'objective: 0', "slos[0].objective: 0 can't be an objective"],
    ['objective: 99.9', 'objective: "99.9"', 'slos[0].objective: "99.9" is not a number'],
    ['service: shop', 'service: s', 'service: "s" is not a name; write two or more letters'],
    ['name: requests', 'name: -requests', 'slos[0].name: "-requests" is not a name'],
    ['[{{.window}}]', '[5m]', 'slos[0].sli.events.error_query: has to have {{.window}}'],
    ['[{{.window}}]', '[{{.window}}', 'slos[0].sli.events.error_query: is not PromQL'],
    ['[{{.window}}]', '[{{.window}}] offset {{.shift}}', 'map has no entry for key "shift"'],
    ['sum(rate(e[{{.window}}]))', 'e[{{.window}}]', 'gives a matrix'],
    ['sum(rate(e[{{.window}}]))', 'sum(rate(t[{{ .window }}]))', 'is the same query as total_query'],
    [
      'events:',
      'events: { error_query: a, total_query: b }, raw: { error_ratio_query: c }, plugin:',
      'unsupported plugin',
    ],
    ['alerting: { name: Burns }', 'alerting: { name: "" }', 'slos[0].alerting.name: is missing'],
    ['alerting: { name: Burns }', 'alerting: { name: B, labels: { a-b: c } }', '"a-b" is no name of a label'],
    ['alerting: { name: Burns }', 'alerting: { name: B, labels: { a: "" } }', 'slos[0].alerting.labels.a: is empty'],
    [
      'alerting: { name: Burns }',
      'alerting: { name: B, page_alert: { disable: maybe } }',
      'is not a switch; write true or false',
    ],
  ])('%s written as %s is refused with its place', (right, wrong, reason) => {
    const { slos, problems } = read(sloth().replace(right, wrong))
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(reason)]))
    expect(problems.every((problem) => /^a\.yml:\d+:\d+: /.test(problem))).toBe(true)
    expect(slos).toEqual([])
  })

  test('a key that Sloth would not know either is a warning that names the one that is meant', () => {
    const { slos, problems } = read(sloth('objektive: 99\nalertin: {}'))
    expect(problems).toEqual([
      'a.yml:8:5: slos[0].objektive: warning: is not known here and changes nothing; did you mean "objective"?',
      'a.yml:9:5: slos[0].alertin: warning: is not known here and changes nothing; did you mean "alerting"?',
    ])
    expect(slos).toHaveLength(1)
  })

  test('the same id in another document or file is refused, with the place of the first', () => {
    const same = 'the SLO shop-requests is written twice, first in a.yml:4; give one of them another name'
    expect(read(sloth(), sloth()).problems).toEqual([`b.yml:4:11: ${same}`])
    expect(read(`${sloth()}---\n${sloth()}`).problems).toEqual([`a.yml:12:11: ${same}`])
    expect(read(`${sloth()}---\n${sloth('', 'other')}`).problems).toEqual([])
  })

  test('a comment at the end of a query is refused, since it would hide the parenthesis behind it', () => {
    const { problems } = read(sloth().replace("sum(rate(e[{{.window}}]))'", "sum(rate(e[{{.window}}])) # all'"))
    expect(problems).toEqual([expect.stringContaining('error_query: is not PromQL')])
  })
})

describe("Sloth's plugins", () => {
  const chain = (ids: readonly string[], more = '') =>
    sloth().replace('slos:', `slo_plugins: { ${more}chain: [${ids.map((id) => `{ id: "${id}" }`).join(', ')}] }\nslos:`)

  test('those that do nothing new are taken', () => {
    const { slos, problems } = read(chain(['sloth.dev/core/debug/v1', 'sloth.dev/core/sli_rules/v1']))
    expect(problems).toEqual([])
    expect(slos[0]?.steps).toEqual({ sli: true, meta: true, alerts: true, optimizesPeriod: true })
  })

  test('a chain in place of the usual one does only what is in it', () => {
    const { slos } = read(chain(['sloth.dev/core/metadata_rules/v1'], 'overridePrevious: true, '))
    expect(slos[0]?.steps).toMatchObject({ sli: false, meta: true, alerts: false })
  })

  test("with VictoriaMetrics' validation its own language passes, and elsewhere it does not", () => {
    const metricsQl = "sum(rate(e[{{.window}}]) keep_metric_names)'"
    const ids = ['contrib/validate_victoria_metrics', 'core/sli_rules', 'core/metadata_rules', 'core/alert_rules']
    const text = chain(
      ids.map((id) => `sloth.dev/${id}/v1`),
      'overridePrevious: true, ',
    )
    expect(read(text.replace("sum(rate(e[{{.window}}]))'", metricsQl)).problems).toEqual([])
    expect(read(sloth().replace("sum(rate(e[{{.window}}]))'", metricsQl)).problems).toEqual([
      expect.stringContaining('is not PromQL'),
    ])
  })

  test('any other is refused by its name', () => {
    expect(read(chain(['example.org/mine/v1'])).problems).toEqual([
      expect.stringContaining('slo_plugins.chain[0].id: unsupported plugin "example.org/mine/v1"'),
    ])
  })
})

describe('short forms', () => {
  function short(line: string): {
    readonly sli: Slo['sli'] | undefined
    readonly slo: Slo | undefined
    readonly problems: readonly string[]
  } {
    const { slos, problems } = read(
      `version: prometheus/v1\nservice: shop\nslos:\n  - { name: front-page, objective: 99, ${line} }\n`,
    )
    return { sli: slos[0]?.sli, slo: slos[0], problems }
  }

  test('availability is what counts of the looks at a check', () => {
    const { sli, slo, problems } = short('availability: { check: shop }')
    expect(problems).toEqual([])
    const looks = 'midwatch_check_up{check="shop"}[{{.window}}]'
    expect(sli).toEqual({
      kind: 'events',
      errorQuery: `sum(count_over_time(${looks})) - sum(sum_over_time(${looks}))`,
      totalQuery: `sum(count_over_time(${looks}))`,
      counts: 'events',
      isZeroWhenAbsent: false,
    })
    expect(slo).toMatchObject({ checks: ['shop'], page: { name: 'ShopFrontPageBudgetBurn' } })
  })

  test('http is the part of a counter that is bad', () => {
    const { sli } = short(`http: { metric: 'http_requests_total{job="shop"}', bad: 'code=~"5..",path!="/health"' }`)
    expect(sli).toMatchObject({
      errorQuery: 'sum(rate(http_requests_total{job="shop",code=~"5..",path!="/health"}[{{.window}}]))',
      totalQuery: 'sum(rate(http_requests_total{job="shop"}[{{.window}}]))',
      counts: 'events a second',
      isZeroWhenAbsent: true,
    })
  })

  test.each([
    ['request_duration_seconds', '300ms', 'le="0.3"'],
    ['request_duration_seconds_bucket', '1s', 'le=~"1([.]0)?"'],
    ['request_duration_milliseconds', '250ms', 'le=~"250([.]0)?"'],
  ])('latency of %s below %s is what is not in the bucket %s', (metric, below, le) => {
    const { sli } = short(`latency: { metric: '${metric}{job="shop"}', below: ${below} }`)
    const base = metric.replace('_bucket', '')
    const total = `sum(rate(${base}_count{job="shop"}[{{.window}}]))`
    expect(sli).toMatchObject({
      totalQuery: total,
      errorQuery: `${total} - sum(rate(${base}_bucket{job="shop",${le}}[{{.window}}]))`,
    })
  })

  test.each([
    ['availability: {}', 'slos[0].availability: needs a check; write {check: shop}'],
    ["http: { metric: 'sum(x)', bad: 'a=\"b\"' }", 'slos[0].http.metric: "sum(x)" is not a metric'],
    ['http: { metric: x, bad: code }', 'slos[0].http.bad: has to be conditions on labels'],
    ['latency: { metric: x, below: 300 }', 'slos[0].latency.below: "300" is not a time span'],
    ['availability: { check: a }, http: { metric: x, bad: \'a="b"\' }', 'only one of availability, latency, http'],
    ["availability: { check: a }, sli: { raw: { error_ratio_query: 'x[{{.window}}]' } }", 'can’t both be measured'],
  ])('%s is refused', (line, reason) => {
    expect(short(line).problems).toEqual(expect.arrayContaining([expect.stringContaining(reason)]))
  })
})

describe('what midwatch adds to the format', () => {
  test.each([
    ['window: 7 days', 'slos[0].window: "7 days" is not a duration'],
    ['policy: fast', 'slos[0].policy: "fast" is not one of workbook, fast-slow'],
    ['min_events: -1', 'slos[0].min_events: -1 is not a whole number from 0 on'],
    ['low_traffic: { errors: 0 }', 'slos[0].low_traffic.errors: 0 is not a whole number from 1 on'],
    ['low_traffic: { within: 10s }', 'slos[0].low_traffic.within: is under a minute'],
    ['windows: { page: {} }', 'slos[0].windows.page.quick: is missing; write {errorBudgetPercent: 2'],
    ['windows: { page: { quick: { errorBudgetPercent: 2, shortWindow: 5m } } }', 'longWindow: has to be a time span'],
  ])('%s is refused', (line, reason) => {
    expect(read(sloth(line)).problems).toEqual(expect.arrayContaining([expect.stringContaining(reason)]))
  })

  test('a number of events is no help where nobody knows how many there were', () => {
    const text = `version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99
    min_events: 5
    sli: { raw: { error_ratio_query: 'avg_over_time(r[{{.window}}])' } }
    alerting: { name: A }
`
    expect(read(text).problems).toEqual([expect.stringContaining('warning: changes nothing: a ratio does not tell')])
    expect(read(text).slos[0]?.guards).toEqual({ minEvents: 0, lowTraffic: undefined })
  })
})

test.each([
  ['groups: []', 'a.yml:1:1: is no SLO file; begin it with version: prometheus/v1'],
  ['version: prometheus/v2', 'version: prometheus/v2 is no SLO file that midwatch reads; did you mean prometheus/v1?'],
  ['apiVersion: openslo/v1\nkind: SLOs', 'did you mean openslo/v1 SLO?'],
  ['- a', 'a.yml:1:1: is no SLO file'],
])('%s is not taken for an SLO file', (text, reason) => {
  expect(read(text).problems).toEqual([expect.stringContaining(reason)])
})
