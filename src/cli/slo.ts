import { defineCommand } from 'citty'
import { serverArgs } from './server-args.ts'

/** `midwatch slo` alone is `midwatch slo status`. Each part is loaded by itself: to compile files needs no config. */
export const slo = defineCommand({
  args: serverArgs,
  default: 'status',
  subCommands: {
    status: async () => (await import('./slo-status.ts')).status,
    compile: async () => (await import('./slo-compile.ts')).compile,
    report: async () => (await import('./slo-report.ts')).report,
  },
})
