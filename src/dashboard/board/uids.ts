/** Where dashboards lead to one another. */
export const UIDS = {
  overview: 'midwatch-overview',
  checks: 'midwatch-checks',
  infrastructure: 'midwatch-infrastructure',
  llm: 'midwatch-llm',
  workers: 'midwatch-workers',
  agents: 'midwatch-agents',
  governance: 'midwatch-governance',
  executive: 'midwatch-executive',
  cost: 'midwatch-cost',
  security: 'midwatch-security',
  slos: 'midwatch-slos',
  kpis: 'midwatch-kpis',
} as const
