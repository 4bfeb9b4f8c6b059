import type { CommandEntry } from './command.ts'

/** Every command, in the order of the help text. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    description: 'Watch: run checks, take pushes, judge rules, tell people.',
    load: () => import('./run.ts').then(({ run }) => run),
  },
  check: {
    description: 'Check the config and the rule files; says every problem with its place.',
    load: () => import('./check.ts').then(({ checkCommand }) => checkCommand),
  },
  init: {
    description: 'Write a commented config file to start from.',
    load: () => import('./init.ts').then(({ init }) => init),
  },
  healthcheck: {
    description: 'Ask the running midwatch whether it is alive; for containers and supervisors.',
    load: () => import('./healthcheck.ts').then(({ healthcheck }) => healthcheck),
  },
}
