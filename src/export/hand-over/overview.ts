import type { ExportDocument, ReportRow } from './document.ts'
import type { ExportedFile, HandedSecret, HandOver } from './hand-over.ts'

/** What is told about the hand-over as a whole: what moves how, which secrets belong where. */
export function overview(documents: readonly ExportDocument[], handOver: HandOver): ExportedFile[] {
  const secrets = secretsOf(documents, handOver)
  return [
    { path: 'README.md', text: stepsText(documents, handOver, secrets.length > 0) },
    { path: 'report.md', text: reportText(documents, handOver) },
    ...(secrets.length === 0 ? [] : [{ path: 'secrets/README.md', text: secretsText(secrets) }]),
  ]
}

function secretsOf(documents: readonly ExportDocument[], handOver: HandOver): HandedSecret[] {
  const byFile = new Map<string, HandedSecret>()
  for (const document of documents) {
    for (const secret of document.secrets?.(handOver) ?? []) byFile.set(secret.file, secret)
  }
  return [...byFile.values()].sort((a, b) => (a.file < b.file ? -1 : 1))
}

const TITLES: Readonly<Record<ReportRow['outcome'], string>> = {
  unchanged: 'Moves as it is',
  changed: 'Moves, and something is different then',
  missing: 'Has no counterpart, and what stands in for it',
}

function reportText(documents: readonly ExportDocument[], handOver: HandOver): string {
  const rows = documents.flatMap((document) => document.report(handOver))
  const sections = (Object.keys(TITLES) as ReportRow['outcome'][]).flatMap((outcome) => {
    const mine = rows.filter((row) => row.outcome === outcome)
    if (mine.length === 0) return []
    const lines = mine.map(({ what, text }) => `| ${cell(what)} | ${cell(text)} |`)
    return [`## ${TITLES[outcome]} (${mine.length})\n\n| what | |\n|---|---|\n${lines.join('\n')}\n`]
  })
  return `# What moves\n\nWritten ${new Date(handOver.nowMs).toISOString()} by \`midwatch export\`.\n\n${sections.join('\n')}`
}

function stepsText(documents: readonly ExportDocument[], { addresses }: HandOver, hasSecrets: boolean): string {
  const steps = [
    ...(hasSecrets ? ['Put the secrets into files of `secrets/`; its README lists them.'] : []),
    'Look through `report.md`: what moves as it is, what is different then, and what nothing there does.',
    'Copy `.env.example` to `.env`, set a password for Grafana, and start the stack: `docker compose up -d`. On Kubernetes, `kubectl apply -k kubernetes/` beside a Prometheus operator.',
    'Bring the history: `midwatch export DIR --history` writes a file for each day; then `promtool tsdb create-blocks-from openmetrics FILE PROMETHEUS_DATA` for each file of `history/samples/`, and of `history/rollups/` where there are any.',
    `Bring the silences: \`amtool --alertmanager.url=http://${addresses.alertmanager} silence import silences.json\`.`,
    'Let both run for a while. Both tell of the same alerts; send those of one of them to a channel of their own, or silence them there.',
    'Stop midwatch when you trust the stack. Until then pushed metrics reach Prometheus through it.',
  ]
  const parts = documents.map(({ key, summary }) => `| ${key} | ${cell(summary)} |`)
  return [
    '# Hand-over',
    '',
    'These files take over what midwatch does. Each was made of `midwatch.yml` and of what was set since; make them anew rather than mending them.',
    '',
    ...steps.map((step, i) => `${i + 1}. ${step}`),
    '',
    '| part | |',
    '|---|---|',
    ...parts,
    '',
  ].join('\n')
}

function secretsText(secrets: readonly HandedSecret[]): string {
  const lines = secrets.map(({ file, what, variable }) => {
    const from = variable === undefined ? '' : `, in \`${variable}\` for midwatch`
    return `- \`${file}\`: ${what}${from}`
  })
  return [
    '# Secrets',
    '',
    'No secret is written by the hand-over. Put each into a file of this name here, without a line break at its end; the',
    'programs read them from `/etc/midwatch-secrets`.',
    '',
    ...lines,
    '',
  ].join('\n')
}

/** A cell of a table in Markdown. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')
}
