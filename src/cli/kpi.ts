import { defineCommand } from 'citty'
import { build, printed } from '../dashboard/build.ts'
import { version } from '../lib/version.ts'
import { readYaml, toValue } from '../lib/yaml.ts'
import { printYaml } from '../lib/yaml-text.ts'
import { formatDuration } from '../model/duration.ts'
import { compileSlos } from '../objective/compile-all.ts'
import { type Kpi, kpiSeries } from '../objective/kpi.ts'
import { kpiBoard } from '../objective/kpi-board.ts'
import { cardinalityOf } from '../objective/kpi-cardinality.ts'
import { compareKpis } from '../objective/kpi-compare.ts'
import { kpiGraph } from '../objective/kpi-graph.ts'
import { migrateKpis } from '../objective/kpi-migrate.ts'
import { kpiAlert, kpiGroup } from '../objective/kpi-rules.ts'
import { KPI_SCHEMA_VERSION, kpiJsonSchema } from '../objective/kpi-schema.ts'
import { kpiSlo } from '../objective/kpi-slo.ts'
import { ruleFileText } from '../wire/rule-file.ts'
import { CommandError } from './command-error.ts'
import { baseTexts, kpisOf, selectKpiFiles, textsOf } from './kpi-files.ts'
import { plain, plainLines, printJson, table } from './print.ts'

const fileArgs = {
  file: {
    type: 'positional',
    required: false,
    description: 'Files of KPIs; those that kpi_files of the config names unless told',
    valueHint: 'FILE...',
  },
  config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
} as const

interface FileArgs {
  readonly _: readonly string[]
  readonly config?: string | undefined
}

async function read({ _: named, config }: FileArgs): Promise<readonly Kpi[]> {
  return kpisOf(textsOf((await selectKpiFiles(named, config)).files))
}

const list = defineCommand({
  meta: { name: 'list', description: 'Show every KPI with its metric, its alerts, and how many series to expect.' },
  args: { ...fileArgs, json: { type: 'boolean', description: 'Print as JSON' } },
  async run({ args }) {
    const kpis = await read(args)
    if (args.json) {
      printJson(kpis.map((kpi) => ({ ...shown(kpi), ...cardinalityOf(kpi) })))
      return
    }
    const rows = kpis.map((kpi) => {
      const { metric, recorded } = cardinalityOf(kpi)
      const alerts = [...new Set(kpi.thresholds.map(({ side }) => kpiAlert(kpi, side)))].join(' ')
      return [
        kpi.name,
        kpi.unit,
        kpi.metric,
        kpi.aggregations.join(' '),
        `${metric + recorded}`,
        kpi.owner ?? '',
        alerts,
      ]
    })
    const head = ['KPI', 'UNIT', 'METRIC', 'RECORDED', 'SERIES', 'OWNER', 'ALERTS']
    process.stdout.write(table([head, ...rows.map((row) => row.map(plain))]))
  },
})

function shown({ name, unit, metric, kind, aggregations, thresholds, owner, dependsOn }: Kpi) {
  return {
    name,
    unit,
    metric_name: metric,
    kind,
    series_names: aggregations.map((aggregation) => kpiSeries(name, aggregation)),
    thresholds: thresholds.map(({ forMs, ...rest }) => ({ ...rest, for: formatDuration(forMs) })),
    owner: owner ?? null,
    depends_on: dependsOn,
  }
}

const diff = defineCommand({
  meta: {
    name: 'diff',
    description: 'Compare with what was before: compatible, or breaking and why; fails when something breaks.',
  },
  args: {
    base: {
      type: 'string',
      required: true,
      description: 'What to compare with: a file, or a revision of git',
      valueHint: 'FILE|REVISION',
    },
    ...fileArgs,
    json: { type: 'boolean', description: 'Print as JSON' },
  },
  async run({ args }) {
    const selection = await selectKpiFiles(args._, args.config)
    const before = kpisOf(await baseTexts(args.base, selection))
    const changes = compareKpis(before, kpisOf(textsOf(selection.files)))
    const breaking = changes.filter(({ effect }) => effect === 'breaking').length
    if (args.json) printJson({ compatible: breaking === 0, changes })
    else if (changes.length === 0) process.stdout.write('nothing has changed\n')
    else process.stdout.write(table(changes.map(({ kpi, effect, message }) => [effect, kpi, plain(message)])))
    if (breaking > 0) throw new CommandError(1, `${breaking} breaking ${breaking === 1 ? 'change' : 'changes'}`)
  },
})

const graph = defineCommand({
  meta: { name: 'graph', description: 'Print what depends on what, as a flow chart of Mermaid.' },
  args: fileArgs,
  async run({ args }) {
    process.stdout.write(plainLines(kpiGraph(await read(args))))
  },
})

const rules = defineCommand({
  meta: { name: 'rules', description: 'Print the recording rules and alerts, as a rule file for Prometheus.' },
  args: fileArgs,
  async run({ args }) {
    const kpis = await read(args)
    const { compiled } = compileSlos(
      kpis.flatMap((kpi) => kpiSlo(kpi) ?? []),
      { version },
    )
    const groups = [...kpis.map(kpiGroup), ...compiled.flatMap((slo) => slo.groups)]
    process.stdout.write(ruleFileText(groups, ['Made of KPIs by midwatch; change those instead.']))
  },
})

const dashboard = defineCommand({
  meta: { name: 'dashboard', description: 'Print the dashboard, as Grafana imports it.' },
  args: fileArgs,
  async run({ args }) {
    process.stdout.write(printed(build(kpiBoard(await read(args)))))
  },
})

const schema = defineCommand({
  meta: { name: 'schema', description: 'Print the JSON Schema of files of KPIs, for editors.' },
  run() {
    printJson(kpiJsonSchema())
  },
})

const migrate = defineCommand({
  meta: { name: 'migrate', description: 'Print a file in the newest form; comments are not kept.' },
  args: { file: { type: 'positional', required: true, description: 'A file of KPIs', valueHint: 'FILE' } },
  run({ args }) {
    const texts = textsOf([args.file])
    kpisOf(texts)
    const { root } = readYaml(texts[0]?.text ?? '', args.file)
    if (root === undefined) throw new CommandError(1, `${plain(args.file)} is empty`)
    const value = toValue(migrateKpis(root).root, { typed: true }) as Record<string, unknown>
    process.stdout.write(printYaml({ ...value, schema_version: KPI_SCHEMA_VERSION }))
  },
})

export const kpi = defineCommand({ subCommands: { list, diff, graph, rules, dashboard, schema, migrate } })
