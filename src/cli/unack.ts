import { defineCommand } from 'citty'
import { plain } from './print.ts'
import { alertsMeant } from './selected-alerts.ts'
import { serverArgs } from './server-args.ts'

export const unack = defineCommand({
  args: {
    alerts: {
      type: 'positional',
      required: true,
      description: 'Fingerprints, or labels of the alerts such as alertname=CheckDown check=shop',
      valueHint: 'ALERTS…',
    },
    ...serverArgs,
  },
  async run({ args }) {
    const { server, alerts } = await alertsMeant(args, args._, ({ acknowledgement }) => acknowledgement !== undefined)
    for (const { fingerprint, name } of alerts) {
      await server.ask('DELETE', `/api/v1/alerts/${fingerprint}/ack`)
      process.stdout.write(`${plain(name)} is not acknowledged any more\n`)
    }
  },
})
