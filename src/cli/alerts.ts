import { defineCommand } from 'citty'
import { formatMatcher, type Matcher } from '../model/matcher.ts'
import type { CurrentAlertJson } from '../web/alerts/json.ts'
import { explain } from './alerts-explain.ts'
import { history } from './alerts-history.ts'
import { matchersOf, type Page } from './alerts-matchers.ts'
import { currentText } from './alerts-text.ts'
import { findServer } from './client.ts'
import { printJson } from './print.ts'
import { serverArgs } from './server-args.ts'

const list = defineCommand({
  meta: { name: 'list', description: 'List what fires or is about to.' },
  args: {
    matchers: {
      type: 'positional',
      required: false,
      description: 'Only alerts with these labels, such as severity=critical',
      valueHint: 'MATCHERS…',
    },
    json: { type: 'boolean', description: 'Print as JSON' },
    ...serverArgs,
  },
  async run({ args }) {
    const { items, total } = await currentPage(args, matchersOf(args._))
    if (args.json) return printJson(items)
    process.stdout.write(currentText(items, total, Date.now()))
  },
})

async function currentPage(
  args: Parameters<typeof findServer>[0],
  matchers: readonly Matcher[],
): Promise<Page<CurrentAlertJson>> {
  const query = new URLSearchParams({ page_size: '1000' })
  if (matchers.length > 0) query.set('filter', matchers.map(formatMatcher).join(','))
  return (await findServer(args).ask('GET', `/api/v1/alerts/current?${query}`)) as Page<CurrentAlertJson>
}

export const alerts = defineCommand({
  args: serverArgs,
  default: 'list',
  subCommands: { list, history, explain },
})
