import { agents } from './board/agents.ts'
import { checks } from './board/checks.ts'
import { cost } from './board/cost.ts'
import { executive } from './board/executive.ts'
import { governance } from './board/governance.ts'
import { infrastructure } from './board/infrastructure.ts'
import { llm } from './board/llm.ts'
import { overview } from './board/overview.ts'
import { security } from './board/security.ts'
import { slos } from './board/slos.ts'
import { workers } from './board/workers.ts'
import type { Board } from './build.ts'

/** Every dashboard that does not depend on the config, by the name of its file; a new one is its own file plus a line here. */
export const boards: Readonly<Record<string, Board>> = {
  overview,
  checks,
  infrastructure,
  llm,
  workers,
  agents,
  governance,
  executive,
  cost,
  security,
  slos,
}
