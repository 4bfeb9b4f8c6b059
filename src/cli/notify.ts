import { defineCommand } from 'citty'
import { findServer } from './client.ts'
import { printJson } from './print.ts'
import { serverArgs } from './server-args.ts'

interface Delivered {
  readonly channel: string
  readonly target: string
  readonly took_ms: number
}

const test = defineCommand({
  meta: { name: 'test', description: 'Send a test message through a channel of the running midwatch.' },
  args: {
    channel: { type: 'positional', required: true, description: 'Such as slack or email', valueHint: 'CHANNEL' },
    json: { type: 'boolean', description: 'Print the outcome as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const path = `/api/v1/channels/${encodeURIComponent(args.channel)}/test`
    const delivered = (await findServer(args).ask('POST', path)) as Delivered
    if (args.json) return printJson(delivered)
    process.stdout.write(
      `${delivered.channel} took a test message for ${delivered.target} in ${delivered.took_ms} ms\n`,
    )
  },
})

export const notify = defineCommand({ subCommands: { test } })
