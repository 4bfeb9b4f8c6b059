import type { CheckConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'

/** What is watched when nobody has said what to watch: this machine. */
const DEFAULTS = `
checks:
  - { name: host, host: local, every: 15s, category: infrastructure, expect: { cpu: 95%, memory: 90%, disk: 90% } }
`

export function defaultChecks(): readonly CheckConfig[] {
  const { config } = loadConfig({ file: 'defaults', env: {}, readFile: () => DEFAULTS })
  return config?.checks ?? []
}
