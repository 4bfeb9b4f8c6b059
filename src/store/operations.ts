import { saveAcknowledgements } from './acknowledgements.ts'
import { retainAlerts, saveEvaluation } from './alerts.ts'
import { appendAudit, retainAudit } from './audit.ts'
import { retainCheckEvents, saveChecks } from './checks.ts'
import { addPing } from './heartbeats.ts'
import { deleteMaintenance, saveMaintenance } from './maintenance.ts'
import { retainNotifyLog, saveFlush } from './notify.ts'
import type { Operation } from './operation.ts'
import { oweMessages, recordDelivery, releaseLeases, settleArrived } from './outbox.ts'
import { leaseMessages } from './outbox-lease.ts'
import { standIn } from './outbox-stand-in.ts'
import { applyPush, retainPushed } from './pushed-operations.ts'
import { deleteRuleGroups, putRuleGroup } from './rule-groups.ts'
import {
  appendJournal,
  deleteSpent,
  describeMetric,
  forgetSeries,
  retainSegments,
  trimJournal,
  writeSegments,
} from './series/operations.ts'
import { putSetting } from './settings.ts'
import { retainSilences, saveSilences } from './silences.ts'
import { deleteSlo, saveSlo } from './slos.ts'
import { createToken, revokeToken, touchToken } from './tokens.ts'

/** Every write that there is. The writer knows them by name, whichever thread it runs on. */
export const operations: readonly Operation<never, unknown>[] = [
  addPing,
  appendAudit,
  appendJournal,
  applyPush,
  createToken,
  deleteMaintenance,
  deleteRuleGroups,
  deleteSlo,
  deleteSpent,
  describeMetric,
  forgetSeries,
  leaseMessages,
  oweMessages,
  putRuleGroup,
  putSetting,
  recordDelivery,
  releaseLeases,
  retainAlerts,
  retainAudit,
  retainCheckEvents,
  retainNotifyLog,
  retainPushed,
  retainSegments,
  retainSilences,
  revokeToken,
  saveAcknowledgements,
  saveChecks,
  saveEvaluation,
  saveFlush,
  saveMaintenance,
  saveSilences,
  saveSlo,
  settleArrived,
  standIn,
  touchToken,
  trimJournal,
  writeSegments,
]
