import type { Hono } from 'hono'
import { acknowledgeApi } from './api/acknowledge.ts'
import { adminApi } from './api/admin.ts'
import { alertmanagerApi } from './api/alertmanager.ts'
import { alertsApi } from './api/alerts.ts'
import { auditApi } from './api/audit.ts'
import { backendApi } from './api/backend.ts'
import { checksApi } from './api/checks.ts'
import { dashboardsApi } from './api/dashboards.ts'
import { healthApi } from './api/health.ts'
import { kpisApi } from './api/kpis.ts'
import { loginApi } from './api/login.ts'
import { maintenanceApi } from './api/maintenance.ts'
import { metricsApi } from './api/metrics.ts'
import { pagesApi } from './api/pages.ts'
import { pingApi } from './api/ping.ts'
import { pushApi } from './api/push.ts'
import { queryApi } from './api/query.ts'
import { ruleGroupsApi } from './api/rule-groups.ts'
import { rulerApi } from './api/ruler.ts'
import { rulesApi } from './api/rules.ts'
import { seriesApi } from './api/series.ts'
import { slosApi } from './api/slos.ts'
import { webhookApi } from './api/webhook.ts'
import type { WebEnv } from './auth.ts'
import type { WebContext } from './context.ts'

/** Adds the addresses of one subject. */
export type Api = (web: Hono<WebEnv>, context: WebContext) => void

/** Every subject, in order; a new one is its own file plus a line here. */
export const apis: readonly Api[] = [
  healthApi,
  loginApi,
  pagesApi,
  checksApi,
  alertsApi,
  adminApi,
  maintenanceApi,
  metricsApi,
  pushApi,
  pingApi,
  auditApi,
  webhookApi,
  backendApi,
  queryApi,
  seriesApi,
  rulesApi,
  dashboardsApi,
  ruleGroupsApi,
  rulerApi,
  acknowledgeApi,
  slosApi,
  kpisApi,
  alertmanagerApi,
]
