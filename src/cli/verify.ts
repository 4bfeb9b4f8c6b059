import { defineCommand } from 'citty'
import { type AuditHead, type ChainReport, verifyAudit } from '../store/verify-audit.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen } from './offline.ts'
import { printJson } from './print.ts'
import { serverArgs } from './server-args.ts'

export const verify = defineCommand({
  args: {
    head: {
      type: 'string',
      description: 'A head that was printed before and kept elsewhere; the chain must still have it',
      valueHint: 'NUMBER:HASH',
    },
    json: { type: 'boolean', description: 'Print the report as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const expected = args.head === undefined ? undefined : readHead(args.head)
    const query = expected === undefined ? '' : `?head=${expected.seq}:${expected.hash}`
    const report = await askOrOpen(
      args,
      async (server) => (await server.ask('GET', `/api/v1/audit/verify${query}`)) as ChainReport,
      ({ store }) => verifyAudit(store.reader, expected),
    )
    if (args.json) printJson(report)
    const { intact, records, head, broken } = report
    if (!intact) throw new CommandError(1, `the audit log is broken at record ${broken?.seq}: ${broken?.reason}`)
    if (args.json) return
    const count = `${records} ${records === 1 ? 'record' : 'records'}`
    process.stdout.write(`the audit log is intact (${count}); keep its head elsewhere:\n${head.seq}:${head.hash}\n`)
    if (report.expected === 'found') process.stdout.write('it still has the head that was given\n')
    if (report.expected === 'too-old') {
      process.stdout.write('the head that was given is older than what is kept, so it proves nothing any more\n')
    }
  },
})

function readHead(text: string): AuditHead {
  const [, seq, hash] = /^(\d{1,15}):([\da-fA-F]{64})$/.exec(text) ?? []
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash: hash.toLowerCase() }
  throw new CommandError(2, `--head ${text} is not a head; write what midwatch verify printed, such as 48211:9f3c…`)
}
