import { writeFileSync } from 'node:fs'
import { defineCommand } from 'citty'
import { compileRegex, RegexError } from '../model/regex.ts'
import { hasFailed, type UnitTestReport } from '../rule/unit-test/report.ts'
import { runUnitTestFile } from '../rule/unit-test/run.ts'
import { CommandError } from './command-error.ts'
import { junitXml } from './junit.ts'
import { plain, plainLines, printJson } from './print.ts'
import { unitTestJson } from './unit-test-json.ts'
import { unitTestText } from './unit-test-text.ts'

const rules = defineCommand({
  meta: { name: 'rules', description: "Run unit tests for rules, in promtool's format." },
  args: {
    file: { type: 'positional', required: true, description: 'Files of unit tests', valueHint: 'FILE...' },
    run: {
      type: 'string',
      description: 'Run only tests whose name this pattern finds, such as "slow|down"',
      valueHint: 'PATTERN',
    },
    'ignore-unknown-fields': {
      type: 'boolean',
      description: 'Pass over fields that nobody knows, in the tests and in the rule files',
    },
    json: { type: 'boolean', description: 'Print the outcome as JSON' },
    junit: { type: 'string', description: 'Write the outcome as JUnit XML, for build servers', valueHint: 'FILE' },
  },
  async run({ args }) {
    const isWanted = nameFilter(args.run)
    const reports: UnitTestReport[] = []
    for (const file of args._ as readonly string[]) {
      const report = await runUnitTestFile(file, {
        isWanted,
        ignoreUnknownFields: args['ignore-unknown-fields'] === true,
      })
      reports.push(report)
      if (!args.json) process.stdout.write(plainLines(unitTestText(report)))
    }
    if (args.json) printJson({ ok: !reports.some(hasFailed), files: reports.map(unitTestJson) })
    if (args.junit !== undefined) writeReport(args.junit, junitXml(reports))
    const failed = reports.filter(hasFailed).length
    if (failed > 0) throw new CommandError(1, `${failed} of ${reports.length} files failed`)
  },
})

export const test = defineCommand({ subCommands: { rules } })

/** @throws CommandError 2 when the pattern is none */
function nameFilter(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true
  try {
    const regex = compileRegex(pattern)
    return (name) => regex.test(name)
  } catch (error) {
    if (error instanceof RegexError) throw new CommandError(2, `--run ${plain(pattern)}: ${error.message}`)
    throw error
  }
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CommandError(2, `--junit ${plain(file)}: ${(error as Error).message}`)
  }
}
