import type { Rule } from '../model/rule.ts'
import { TemplateError } from '../template/error.ts'
import { parseTemplate } from './template.ts'

/** What is wrong with the templates of a rule, a sentence each. */
export function checkTemplates(rule: Rule): readonly string[] {
  if (rule.kind !== 'alerting') return []
  const texts = [...Object.entries(rule.labels), ...Object.entries(rule.annotations)]
  return texts.flatMap(([name, text]) => {
    try {
      parseTemplate(text)
      return []
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      return [`could not parse template of ${name}: ${error.message}`]
    }
  })
}
