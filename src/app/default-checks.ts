import type { CheckConfig } from '../config/config.ts'
import { Labels } from '../model/labels.ts'
import { host } from '../probe/host.ts'

const WRITTEN = { name: 'host', host: 'local', expect: { cpu: '95%', memory: '90%', disk: '90%' } }

/** What is watched when nobody has said what to watch: this machine. */
export function defaultChecks(): readonly CheckConfig[] {
  const { name, ...entry } = WRITTEN
  const settings = host.config.parse(entry)
  return [
    {
      kind: 'probe',
      name,
      probe: host,
      settings,
      instance: host.instance(settings),
      everyMs: 15_000,
      timeoutMs: 5000,
      confirm: true,
      critical: false,
      category: 'infrastructure',
      labels: Labels.empty,
      dependsOn: [],
      runbook: undefined,
      written: WRITTEN,
    },
  ]
}
