import { defineCommand } from 'citty'
import { renderPage } from '../web/page/layout.tsx'
import { SloReportPage } from '../web/page/slo-report.tsx'
import { monthOf, monthRange, type SloReport } from '../web/view/slo-report.ts'
import { reportCsv } from '../web/view/slo-report-csv.ts'
import { findServer } from './client.ts'
import { CommandError } from './command-error.ts'
import { serverArgs } from './server-args.ts'

const FORMATS: Readonly<Record<string, (report: SloReport) => string>> = {
  csv: reportCsv,
  html: (report) => `${renderPage(SloReportPage({ report }))}\n`,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
}

export const report = defineCommand({
  meta: { name: 'report', description: 'Print how the SLOs were over a month.' },
  args: {
    month: { type: 'string', description: 'The month (the one that goes on)', valueHint: 'YYYY-MM' },
    format: {
      type: 'string',
      default: 'csv',
      description: 'csv, html (one file that can be printed) or json',
      valueHint: 'FORMAT',
    },
    ...serverArgs,
  },
  async run({ args }) {
    const print = Object.hasOwn(FORMATS, args.format) ? FORMATS[args.format] : undefined
    if (print === undefined) {
      throw new CommandError(2, `--format ${args.format} is not known; write ${Object.keys(FORMATS).join(', ')}`)
    }
    const month = args.month ?? monthOf(Date.now())
    if (monthRange(month) === undefined) {
      throw new CommandError(2, `--month ${month} is not a month; write one such as 2026-11`)
    }
    process.stdout.write(print((await findServer(args).ask('GET', `/api/v1/slos/report?month=${month}`)) as SloReport))
  },
})
