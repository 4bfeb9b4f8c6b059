import { alertmanager } from './alertmanager.ts'
import { blackbox } from './blackbox.ts'
import { compose } from './compose.ts'
import type { ExportDocument } from './document.ts'
import { grafana } from './grafana.ts'
import { kubernetes } from './kubernetes.ts'
import { argocd, ci, loki, otelCollector } from './neighbours.ts'
import { prometheus } from './prometheus.ts'
import { runbooks } from './runbooks.ts'

/** Every part of the hand-over, in the order in which its report tells of them. A new one is its own file and a line here. */
export const documents: readonly ExportDocument[] = [
  prometheus,
  blackbox,
  alertmanager,
  grafana,
  runbooks,
  compose,
  kubernetes,
  argocd,
  otelCollector,
  loki,
  ci,
]
