import { z } from 'zod'
import { compileRegex } from '../../model/regex.ts'
import { refuse } from '../fields.ts'
import {
  compileRelabel,
  RELABEL_ACTIONS,
  RELABEL_DEFAULTS,
  type Relabel,
  type RelabelAction,
  type RelabelRule,
} from './relabel.ts'

/** Rules with the function that they make. */
export interface RelabelStage {
  readonly rules: readonly RelabelRule[]
  readonly apply: Relabel
}

const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String)

const action = z
  .string({ error: `is not an action; write one of ${RELABEL_ACTIONS.join(', ')}` })
  .transform((written, context): RelabelAction => {
    const known = RELABEL_ACTIONS.find((name) => name === written.toLowerCase())
    if (known !== undefined) return known
    return refuse(context, `${JSON.stringify(written)} is not an action; write one of ${RELABEL_ACTIONS.join(', ')}`)
  })

/** Actions that write to `target_label`. */
const NEEDS_TARGET = new Set<RelabelAction>(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'])
/** What an action takes besides `action`; others would have no effect, so that they are most likely a mistake. */
const TAKES: Partial<Readonly<Record<RelabelAction, readonly string[]>>> = {
  keepequal: ['source_labels', 'target_label'],
  dropequal: ['source_labels', 'target_label'],
  labeldrop: ['regex'],
  labelkeep: ['regex'],
  lowercase: ['source_labels', 'target_label', 'separator', 'regex', 'modulus'],
  uppercase: ['source_labels', 'target_label', 'separator', 'regex', 'modulus'],
}

const relabelRule = z
  .strictObject({
    source_labels: z
      .array(z.string().min(1, { error: 'is empty; write the name of a label' }), {
        error: 'is not a list; write names of labels such as [__address__]',
      })
      .optional()
      .describe('Labels whose values are joined and matched.'),
    separator: scalarText.optional().describe('What stands between them; `;` unless told.'),
    regex: scalarText.optional().describe('A pattern for the whole of it; `(.*)` unless told.'),
    modulus: z
      .int({ error: 'is not a whole number; write one such as 4' })
      .min(0, { error: 'is negative; write the number of parts, such as 4' })
      .optional()
      .describe('For `hashmod`: the number of parts.'),
    target_label: z.string().optional().describe('The label that is set or compared.'),
    replacement: scalarText.optional().describe('What it is set to; `$1` unless told.'),
    action: action.optional().describe('What is done; `replace` unless told.'),
  })
  .transform((written, context): RelabelRule => {
    const rule: RelabelRule = {
      action: written.action ?? RELABEL_DEFAULTS.action,
      sourceLabels: written.source_labels ?? RELABEL_DEFAULTS.sourceLabels,
      separator: written.separator ?? RELABEL_DEFAULTS.separator,
      regex: written.regex ?? RELABEL_DEFAULTS.regex,
      modulus: BigInt(written.modulus ?? 0),
      targetLabel: written.target_label ?? RELABEL_DEFAULTS.targetLabel,
      replacement: written.replacement ?? RELABEL_DEFAULTS.replacement,
    }
    const keys = Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [key]))
    const wrong = whatIsWrong(rule, keys)
    return wrong === undefined ? rule : refuse(context, wrong)
  })

function whatIsWrong(rule: RelabelRule, keys: readonly string[]): string | undefined {
  const takes = TAKES[rule.action]
  const extra = takes === undefined ? undefined : keys.find((key) => key !== 'action' && !takes.includes(key))
  if (extra !== undefined) {
    return `the action ${rule.action} takes only ${takes?.join(' and ')}; remove ${extra}`
  }
  if (NEEDS_TARGET.has(rule.action) && rule.targetLabel === '') {
    return `the action ${rule.action} needs target_label; write the label that it sets or compares`
  }
  if (rule.action === 'hashmod' && rule.modulus === 0n) {
    return 'the action hashmod needs modulus; write the number of parts, such as 4'
  }
  try {
    compileRegex(rule.regex)
  } catch (error) {
    return `regex: ${JSON.stringify(rule.regex)} is ${(error as Error).message}`
  }
  return undefined
}

/** A list of relabelling rules, ready to apply. */
export const relabelStage = z
  .array(relabelRule, { error: 'is not a list; write a line with "- source_labels: …" for each rule' })
  .transform((rules): RelabelStage => ({ rules, apply: compileRelabel(rules) }))

export const NO_RELABEL: RelabelStage = { rules: [], apply: (labels) => labels }
