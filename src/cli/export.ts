import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defineCommand } from 'citty'
import { handOverInput } from '../app/hand-over.ts'
import { addressOfMidwatch, handOverOf } from '../config/hand-over.ts'
import { loadConfig } from '../config/load.ts'
import type { ExportDocument } from '../export/hand-over/document.ts'
import type { ExportedFile, HandOver } from '../export/hand-over/hand-over.ts'
import { overview } from '../export/hand-over/overview.ts'
import { documents } from '../export/hand-over/registry.ts'
import { formatProblem } from '../model/problem.ts'
import { CommandError } from './command-error.ts'
import { runChecks } from './export-check.ts'
import { writeHistory } from './export-history.ts'
import { printJson } from './print.ts'

export const exportCommand = defineCommand({
  meta: {
    name: 'export',
    description: 'Write everything as files for Prometheus, Alertmanager, blackbox_exporter and Grafana.',
  },
  args: {
    dir: {
      type: 'positional',
      description: 'The folder to write to; files of an earlier export are replaced',
      valueHint: 'DIR',
    },
    config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
    data: { type: 'string', description: 'The folder of the data (./data)', valueHint: 'DIR' },
    only: {
      type: 'string',
      description: `Only these parts, with commas: ${documents.map(({ key }) => key).join(', ')}`,
      valueHint: 'PARTS',
    },
    check: {
      type: 'boolean',
      description: 'Ask promtool, amtool and blackbox_exporter about the files, where they are installed',
    },
    history: {
      type: 'boolean',
      description: 'Write all samples as OpenMetrics as well, a file for each day; midwatch may go on running',
    },
    'prometheus-address': {
      type: 'string',
      description: 'Where Prometheus will be (prometheus:9090)',
      valueHint: 'HOST:PORT',
    },
    'alertmanager-address': {
      type: 'string',
      description: 'Where Alertmanager will be (alertmanager:9093)',
      valueHint: 'HOST:PORT',
    },
    'blackbox-address': {
      type: 'string',
      description: 'Where blackbox_exporter will be (blackbox:9115)',
      valueHint: 'HOST:PORT',
    },
    'midwatch-address': {
      type: 'string',
      description: 'Where Prometheus finds this midwatch while both run',
      valueHint: 'HOST:PORT',
    },
    json: { type: 'boolean', description: 'Print what was written as JSON' },
  },
  async run({ args }) {
    const { dir } = args
    if (dir === undefined) throw new CommandError(2, 'no folder to write to; write midwatch export DIR')
    const chosen = chooseDocuments(args.only)
    const env = { ...process.env, ...(args.data === undefined ? {} : { MIDWATCH_STORAGE_DATA: args.data }) }
    const { config, problems } = loadConfig({ file: args.config, env })
    for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`)
    if (config === undefined) throw new CommandError(1, 'the config has errors, so nothing was written')
    const handOver = handOverOf({
      ...(await handOverInput(config)),
      addresses: {
        prometheus: args['prometheus-address'] ?? 'prometheus:9090',
        alertmanager: args['alertmanager-address'] ?? 'alertmanager:9093',
        blackbox: args['blackbox-address'] ?? 'blackbox:9115',
      },
      midwatchAddress: args['midwatch-address'] ?? addressOfMidwatch(config),
      nowMs: Date.now(),
    })
    const files = filesOf(chosen, handOver)
    writeFiles(dir, files)
    const history = args.history ? writeHistory(config.storage.data, dir) : []
    if (history === undefined)
      process.stderr.write(`there is no data in ${config.storage.data}, so no history either\n`)
    const checks = args.check ? await runChecks(chosen, handOver, dir) : []
    if (args.json) printJson({ files: files.map(({ path }) => path), history, checks })
    else {
      process.stdout.write(summaryOf(dir, files))
      const samples = (history ?? []).reduce((sum, file) => sum + file.samples, 0)
      if (samples > 0) process.stdout.write(`  history/  ${history?.length} days, ${samples} samples\n`)
      for (const { program, verdict, said } of checks) {
        process.stdout.write(`${verdict === 'fine' ? 'fine' : verdict}: ${program}${said === '' ? '' : `\n${said}`}\n`)
      }
    }
    if (checks.some(({ verdict }) => verdict === 'refused')) {
      throw new CommandError(1, 'a program refuses what was written; see above')
    }
  },
})

/** @throws CommandError when the folder takes no files */
function writeFiles(dir: string, files: readonly ExportedFile[]): void {
  try {
    for (const { path, text } of files) {
      const target = join(dir, path)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
  } catch (error) {
    const message = `${dir} can't be written to: ${(error as Error).message}; name a folder that is yours, or a new one`
    throw new CommandError(1, message)
  }
}

/** What lies where, a line for each folder. */
function summaryOf(dir: string, files: readonly ExportedFile[]): string {
  const byFolder = new Map<string, number>()
  for (const { path } of files) {
    const [first = '', ...rest] = path.split('/')
    const name = rest.length === 0 ? first : `${first}/`
    byFolder.set(name, (byFolder.get(name) ?? 0) + 1)
  }
  const lines = [...byFolder].map(([name, count]) => `  ${name}${count > 1 ? `  ${count} files` : ''}\n`)
  return `${files.length} files in ${dir}; begin with README.md\n${lines.join('')}`
}

function chooseDocuments(only: string | undefined): readonly ExportDocument[] {
  if (only === undefined) return documents
  const wanted = only.split(',').map((key) => key.trim())
  const unknown = wanted.find((key) => !documents.some((document) => document.key === key))
  if (unknown !== undefined) {
    throw new CommandError(
      2,
      `--only: there is no part ${unknown}; there are ${documents.map(({ key }) => key).join(', ')}`,
    )
  }
  return documents.filter(({ key }) => wanted.includes(key))
}

function filesOf(chosen: readonly ExportDocument[], handOver: HandOver): ExportedFile[] {
  const files = chosen.flatMap((document) => document.files(handOver))
  return chosen.length < documents.length ? files : [...files, ...overview(documents, handOver)]
}
