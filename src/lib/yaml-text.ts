import { stringify } from 'yaml'

/**
 * Plain data as YAML that readers of YAML 1.1 understand as well: what they would take for a switch is in quotes.
 *
 * @param comments lines for the top of the text
 */
export function printYaml(value: unknown, comments: readonly string[] = []): string {
  const head = comments.map((line) => `# ${line}\n`).join('')
  return head + stringify(value, { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false })
}
