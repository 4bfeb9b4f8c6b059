import { didYouMean } from '../lib/suggest.ts'
import type { Problem } from '../model/problem.ts'
import { type Kpi, kpiTitle } from './kpi.ts'

/** What depends on what, as a flow chart of Mermaid: arrows lead from what is needed to what needs it. */
export function kpiGraph(kpis: readonly Kpi[]): string {
  const lines = kpis.map((kpi) => `  ${idOf(kpi.name)}["${labelOf(kpi)}"]`)
  const arrows = kpis.flatMap(({ name, dependsOn }) => dependsOn.map((needed) => `  ${idOf(needed)} --> ${idOf(name)}`))
  return `${['flowchart LR', ...lines, ...arrows].join('\n')}\n`
}

/** Mermaid has words of its own, such as `end`. */
function idOf(name: string): string {
  return `kpi_${name}`
}

function labelOf({ name, unit, owner, slo }: Kpi): string {
  const rest = [unit, owner, slo === undefined ? undefined : `objective ${slo.objective} %`]
  return [kpiTitle(name), ...rest.filter((part) => part !== undefined)].map(mermaidText).join('<br/>')
}

function mermaidText(text: string): string {
  return text
    .replaceAll('#', '#35;')
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
}

/** Dependencies that do not exist, and those that go in a circle. */
export function dependencyProblems(kpis: readonly Kpi[]): readonly Problem[] {
  const byName = new Map(kpis.map((kpi) => [kpi.name, kpi]))
  const problem = ({ origin: { file, line, column }, name }: Kpi, message: string): Problem => ({
    file,
    line,
    column,
    message: `${name}: ${message}`,
    severity: 'error',
  })
  const problems = kpis.flatMap((kpi) =>
    kpi.dependsOn
      .filter((needed) => !byName.has(needed))
      .map((needed) =>
        problem(kpi, `depends_on: there is no KPI ${needed}${didYouMean(needed, [...byName.keys()], 'there are')}`),
      ),
  )
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (kpi: Kpi): void => {
    if (done.has(kpi.name)) return
    trail.push(kpi.name)
    for (const needed of kpi.dependsOn) {
      const start = trail.indexOf(needed)
      const next = byName.get(needed)
      if (start !== -1) {
        const circle = [...trail.slice(start), needed].join(' → ')
        problems.push(problem(kpi, `depends_on closes a circle: ${circle}; remove one of these dependencies`))
      } else if (next !== undefined) visit(next)
    }
    trail.pop()
    done.add(kpi.name)
  }
  for (const kpi of kpis) visit(kpi)
  return problems
}
