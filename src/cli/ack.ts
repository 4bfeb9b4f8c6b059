import { userInfo } from 'node:os'
import { defineCommand } from 'citty'
import { plain, printJson } from './print.ts'
import { alertsMeant } from './selected-alerts.ts'
import { serverArgs } from './server-args.ts'

/** As `POST /api/v1/alerts/<fingerprint>/ack` answers. */
interface Acknowledged {
  readonly fingerprint: string
  readonly by: string
  readonly reason: string
  readonly at: string
  readonly until: string
}

export const ack = defineCommand({
  args: {
    alerts: {
      type: 'positional',
      required: true,
      description: 'Fingerprints, or labels of the alerts such as alertname=CheckDown check=shop',
      valueHint: 'ALERTS…',
    },
    reason: { type: 'string', description: 'Why nobody has to be told again', valueHint: 'TEXT' },
    for: {
      type: 'string',
      default: '2h',
      description: 'For how long; it ends with the alert, too',
      valueHint: 'DURATION',
    },
    by: { type: 'string', description: 'Who takes them on (who is logged in here)', valueHint: 'NAME' },
    json: { type: 'boolean', description: 'Print what was acknowledged as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const { server, alerts } = await alertsMeant(args, args._)
    const by = args.by ?? whoIsHere()
    const asked = { reason: args.reason ?? '', for: args.for, ...(by === undefined ? {} : { by }) }
    const made: Acknowledged[] = []
    for (const { fingerprint } of alerts) {
      made.push((await server.ask('POST', `/api/v1/alerts/${fingerprint}/ack`, asked)) as Acknowledged)
    }
    if (args.json) return printJson(made)
    for (const [i, one] of made.entries()) {
      const name = plain(alerts[i]?.name ?? '')
      process.stdout.write(`${name} is acknowledged by ${plain(one.by)} until ${one.until}\n`)
    }
  },
})

/** Where nobody has an account, as in some containers, the name of the token counts. */
function whoIsHere(): string | undefined {
  try {
    return userInfo().username || undefined
  } catch {
    return undefined
  }
}
