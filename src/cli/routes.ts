import { defineCommand } from 'citty'
import { channelsOf } from '../app/channels.ts'
import { alertmanagerYaml } from '../config/alertmanager/print.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { type CompiledRouting, routingOf } from '../config/routing.ts'
import { formatDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import { formatProblem } from '../model/problem.ts'
import type { EscalationStep } from '../notify/routing.ts'
import { CommandError } from './command-error.ts'
import { plain, plainLines, printJson, table } from './print.ts'
import { explainRoutes, explanationText } from './routes-explain.ts'
import { routeJson, routeTreeText } from './routes-tree.ts'

const configArgs = {
  config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
  json: { type: 'boolean', description: 'Print as JSON' },
} as const

const show = defineCommand({
  meta: { name: 'show', description: 'Show the tree of routes and who its receivers are.' },
  args: {
    ...configArgs,
    alertmanager: {
      type: 'boolean',
      description: 'Print the whole as a file for Alertmanager, whichever form it is written in; secrets are masked',
    },
  },
  run({ args }) {
    const config = load(args.config)
    if (args.alertmanager) {
      process.stdout.write(alertmanagerYaml(config))
      return
    }
    const routing = routingOf(config)
    const receivers = receiversOf(config, routing)
    if (args.json) {
      printJson({ route: routeJson(routing.root), receivers })
      return
    }
    const rows = receivers.flatMap(({ name, channels }) =>
      channels.length === 0
        ? [[`  ${plain(name)}`, 'nobody']]
        : channels.map(({ channel, target }, i) => [i === 0 ? `  ${plain(name)}` : '', plain(channel), plain(target)]),
    )
    process.stdout.write(
      `${plainLines(routeTreeText(routing.root))}\nReceivers:\n${table(rows)}${escalationText(receivers)}`,
    )
  },
})

const test = defineCommand({
  meta: { name: 'test', description: 'Say who is told of an alert with these labels, and why.' },
  args: {
    labels: {
      type: 'positional',
      required: false,
      description: 'Labels of an alert, such as severity=critical',
      valueHint: 'NAME=VALUE…',
    },
    verify: {
      type: 'string',
      description: 'Fail unless these are the receivers, with commas between them',
      valueHint: 'RECEIVERS',
    },
    ...configArgs,
  },
  run({ args }) {
    const labels = labelsOf(args._)
    const routing = routingOf(load(args.config))
    const taken = explainRoutes(routing, labels, Date.now())
    const receivers = taken.map(({ receiver }) => receiver)
    if (args.json) printJson({ labels, receivers, routes: taken })
    else process.stdout.write(`${plain(receivers.join(','))}\n\n${plainLines(explanationText(taken))}`)
    if (args.verify === undefined || args.verify === receivers.join(',')) return
    throw new CommandError(1, `expected ${args.verify}, and it is ${receivers.join(',')}`)
  },
})

export const routes = defineCommand({ subCommands: { show, test } })

/** @throws CommandError when there is something wrong with the config */
function load(file: string | undefined): Config {
  const { config, problems } = loadConfig({ file, env: process.env })
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`)
  if (config === undefined) throw new CommandError(1, 'the config has errors, so there are no routes')
  return config
}

interface ShownReceiver {
  readonly name: string
  readonly channels: readonly { readonly channel: string; readonly target: string; readonly send_resolved: boolean }[]
  /** Who is told as well while nobody acknowledges. */
  readonly escalation?: readonly { readonly after: string; readonly channels: readonly string[] }[]
}

function receiversOf(config: Config, { receivers, escalations }: CompiledRouting): ShownReceiver[] {
  const ready = channelsOf(config)
  return [...receivers].map(([name, integrations]) => ({
    name,
    ...(escalations.has(name) ? { escalation: stepsOf(escalations.get(name)) } : {}),
    channels: integrations.map(({ channel, sendResolved }) => ({
      channel,
      target: ready.get(channel)?.target ?? '',
      send_resolved: sendResolved,
    })),
  }))
}

function stepsOf(steps: readonly EscalationStep[] = []) {
  return steps.map(({ afterMs, integrations }) => ({
    after: formatDuration(afterMs),
    channels: integrations.map(({ channel }) => channel),
  }))
}

function escalationText(receivers: readonly ShownReceiver[]): string {
  const rows = receivers.flatMap(({ name, escalation = [] }) =>
    escalation.map(({ after, channels }, i) => [
      i === 0 ? `  ${plain(name)}` : '',
      `after ${after}`,
      plain(channels.join(', ')),
    ]),
  )
  return rows.length === 0 ? '' : `\nWhile nobody acknowledges:\n${table(rows)}`
}

/** @throws CommandError for what is no label */
function labelsOf(words: readonly string[]): Labels {
  const pairs = words.map((word): [string, string] => {
    const equals = word.indexOf('=')
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)]
    throw new CommandError(2, `${JSON.stringify(word)} is not a label; write name=value, such as severity=critical`)
  })
  return Labels.of(pairs)
}
