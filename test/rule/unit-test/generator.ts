import { seededRandom } from '../../promql/seeded-random.ts'

/** Rules and a unit test without expectations, so that both programs say what there is. */
export interface GeneratedTest {
  readonly rules: unknown
  readonly tests: unknown
}

const MINUTES = 24
const NAMES = ['x', 'y', 'z'] as const
const TEMPLATES = [
  'constant',
  '{{ $value }}',
  '{{ $labels.i }} is {{ $value | humanize }}',
  '{{ if gt $value 3.0 }}high{{ else }}low{{ end }}',
  '{{ $labels.nope }}',
  '{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}',
  '{{ printf "%.1f" $value }} {{ $externalLabels.region }}',
  '{{ with query "sum(x)" }}{{ . | first | value }}{{ end }}',
  '{{ humanizeDuration $value }} {{ title $labels.i }} {{ "a-b" | reReplaceAll "-" "+" }}',
] as const

/**
 * Makes tests that Prometheus 2.42 and 3 answer alike: values stand where no window and no lookback begins, the rules use
 * what both have, and sums are of whole numbers.
 */
export function generateTest(seed: number): GeneratedTest {
  const random = seededRandom(seed)
  const chance = (share: number) => random() < share
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const whole = (most: number) => Math.floor(random() * (most + 1))
  const some = <Item>(count: number, make: (i: number) => Item): Item[] =>
    Array.from({ length: count }, (_, i) => make(i))

  const recorded: string[] = []
  const alertNames: string[] = []
  const metric = () => (recorded.length > 0 && chance(0.3) ? pick(recorded) : pick(NAMES))
  const selector = () => `${metric()}${chance(0.3) ? pick(['{i="1"}', '{i!="2"}', '{i=~"1|3"}', '{nope=""}']) : ''}`

  const vector = (depth: number): string => {
    const kind = depth === 0 ? 0 : whole(8)
    switch (kind) {
      case 1:
        return `sum by (i) (${vector(depth - 1)})`
      case 2:
        return `${pick(['max', 'min', 'count', 'sum'])}(${vector(depth - 1)})`
      case 3:
        return `(${vector(depth - 1)} ${pick(['+', '-', '*'])} ${whole(3) + 1})`
      case 4:
        return `${pick(['max_over_time', 'min_over_time', 'last_over_time', 'count_over_time', 'sum_over_time'])}(${selector()}[${pick(['90s', '4m30s', '10m30s'])}])`
      case 5:
        return `(${vector(depth - 1)} ${pick(['>', '<', '>=', '==', '!='])} ${whole(6)})`
      case 6:
        return `(${vector(depth - 1)} ${pick(['and', 'or', 'unless'])} ${vector(depth - 1)})`
      case 7:
        return `(${selector()} offset 90s)`
      case 8:
        return pick([
          `absent(${selector()})`,
          `max_over_time(${selector()}[5m30s:1m])`,
          'ALERTS{alertstate="firing"}',
          `count(ALERTS_FOR_STATE)`,
          `(ALERTS unless on (alertname) ${selector()})`,
          `changes(${selector()}[6m30s])`,
        ])
      default:
        return selector()
    }
  }

  const texts = (names: readonly string[]) =>
    Object.fromEntries(names.filter(() => chance(0.5)).map((name) => [name, pick(TEMPLATES)]))

  const rule = () => {
    if (chance(0.4)) {
      const record = `r${recorded.length}:${pick(NAMES)}`
      const expr = vector(2)
      recorded.push(record)
      return { record, expr, ...(chance(0.3) ? { labels: { team: 'a', i: pick(['', '9']) } } : {}) }
    }
    const alert = chance(0.2) && alertNames.length > 0 ? pick(alertNames) : `A${alertNames.length}`
    alertNames.push(alert)
    return {
      alert,
      expr: chance(0.5) ? `${selector()} > ${whole(4)}` : vector(2),
      ...(chance(0.6) ? { for: pick(['1m', '90s', '2m', '3m', '10s']) } : {}),
      ...(chance(0.3) ? { keep_firing_for: pick(['1m', '3m', '150s']) } : {}),
      labels: texts(['severity', 'note', 'i']),
      annotations: texts(['summary', 'description']),
    }
  }

  const rules = {
    groups: some(whole(2) + 1, (i) => ({
      name: `g${i}`,
      ...(chance(0.3) ? { interval: pick(['2m', '30s']) } : {}),
      ...(chance(0.15) ? { limit: whole(3) + 1 } : {}),
      rules: some(whole(3) + 1, rule),
    })),
  }

  const item = () => {
    const kind = whole(11)
    if (kind === 0) return '_'
    if (kind === 1) return `_x${whole(4) + 1}`
    if (kind === 2) return 'stale'
    if (kind === 3) return `${whole(5)}+${whole(2) + 1}x${whole(3)}`
    if (kind === 4) return `${whole(5)}-1x${whole(3)}`
    return String(whole(6))
  }
  const series = (name: string, i: number) => ({
    series: `${name}{i="${i}"${chance(0.3) ? ',zone="a"' : ''}}`,
    // The second value is always there, so that the first stands at the beginning of no lookback.
    values: [whole(5), whole(5), ...some(12, item)].join(' '),
  })
  const times = () => some(8, () => `${whole(MINUTES)}m`)
  return {
    rules,
    tests: {
      rule_files: ['rules.yml'],
      evaluation_interval: '1m',
      group_eval_order: rules.groups.map(({ name }) => name),
      tests: [
        {
          name: `seed ${seed}`,
          // Never on a minute but at the start, and so on the edge of no window.
          interval: '61s',
          external_labels: { region: 'eu' },
          input_series: NAMES.flatMap((name) => some(whole(2) + 1, (i) => series(name, i + 1))),
          alert_rule_test: [...new Set(alertNames)].flatMap((alertname) =>
            [...new Set(times())].map((eval_time) => ({ eval_time, alertname, exp_alerts: [] })),
          ),
          promql_expr_test: [...recorded, 'ALERTS', 'ALERTS_FOR_STATE', vector(2)].flatMap((expr) =>
            [...new Set(times())].map((eval_time) => ({ expr, eval_time, exp_samples: [] })),
          ),
        },
      ],
    },
  }
}
