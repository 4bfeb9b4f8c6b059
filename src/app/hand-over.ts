import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { HandOverInput } from '../config/hand-over.ts'
import { loadRules } from '../config/rules.ts'
import { listAssets } from '../lib/asset.ts'
import { sqliteAddonPath } from '../lib/native-addon.ts'
import type { Silence } from '../model/silence.ts'
import type { StoredRuleGroup } from '../model/stored-rule-group.ts'
import type { StoredSlo } from '../model/stored-slo.ts'
import { groupOf } from '../rule/written-group.ts'
import { Connection } from '../store/database.ts'
import { loadRuleGroups } from '../store/rule-groups.ts'
import { loadSilences } from '../store/silences.ts'
import { loadSlos } from '../store/slos.ts'
import { DATABASE_FILE } from '../store/store.ts'
import { externalUrlOf } from './plan.ts'
import { sloRulesElsewhere } from './slo-desk.ts'

type FromConfig = 'config' | 'groups' | 'originOf' | 'silences' | 'dashboards' | 'externalUrl'

/**
 * What a hand-over is made of: the config, the rules that it names, and what the data has. The data is only read, which a
 * running midwatch does not mind.
 *
 * @throws Error when a rule file can't be used
 */
export async function handOverInput(config: Config): Promise<Pick<HandOverInput, FromConfig>> {
  const { groups, slos, kpis, problems } = await loadRules(config)
  const [problem] = problems.filter(({ severity }) => severity === 'error')
  if (problem !== undefined) throw new Error(`${problem.file}: ${problem.message}`)
  const shipped = new Set(listAssets('rules'))
  const ofKpis = new Set(kpis.map(({ origin }) => origin.file))
  const data = dataIn(config.storage.data)
  const sloGroups = sloRulesElsewhere(data.slos, slos, config, Date.now())
  const ofObjectives = new Set(sloGroups.map(({ file }) => file))
  const ofDatabase = data.groups.map(({ written, namespace }) => groupOf(written, namespace).group)
  const originOf = (file: string) => {
    if (shipped.has(file)) return 'shipped'
    if (ofKpis.has(file)) return 'kpis'
    return ofObjectives.has(file) ? 'objectives' : 'own'
  }
  const { dashboardTexts } = await import('../objective/kpi-dashboards.ts')
  return {
    config,
    groups: [...groups, ...sloGroups, ...ofDatabase],
    originOf,
    silences: data.silences,
    dashboards: dashboardTexts(kpis).map(({ file, text }) => ({ path: file, text })),
    externalUrl: externalUrlOf(config),
  }
}

interface Data {
  readonly silences: readonly Silence[]
  readonly groups: readonly StoredRuleGroup[]
  readonly slos: readonly StoredSlo[]
}

function dataIn(dataDir: string): Data {
  const file = join(dataDir, DATABASE_FILE)
  if (!existsSync(file)) return { silences: [], groups: [], slos: [] }
  const reader = new Connection(file, { readonly: true, addonPath: sqliteAddonPath(dataDir) })
  try {
    return { silences: loadSilences(reader), groups: loadRuleGroups(reader), slos: loadSlos(reader) }
  } finally {
    reader.close()
  }
}
