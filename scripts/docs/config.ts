import { stringify } from 'yaml'
import { describeConfig } from '../../src/config/describe.ts'
import { settings } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import { document, sections } from '../../src/config/schema.ts'
import { optionTable } from './option-table.ts'
import { type Option, optionsOf } from './options.ts'
import { code, type Page, page, table } from './page.ts'

/** Every key of midwatch.yml with its default and its variable. */
export const config: Page = {
  file: 'docs/reference/config.md',
  text() {
    const variables = new Map([...settings(document)].map(([name, { path }]) => [path.join('.'), name]))
    const variableOf = ({ path }: Option) => code(variables.get(path) ?? '')
    const all = optionsOf(document)
    const elsewhere = ['scrape_configs', 'alertmanager']
    const parts = (Object.keys(sections) as (keyof typeof sections)[]).filter((key) => !elsewhere.includes(key))
    return page(
      'midwatch.yml',
      'Every key may be left out; without a file midwatch watches itself and its machine. The file is `--config`, else `MIDWATCH_CONFIG`, else `midwatch.yml` in the working directory. What the command line says wins over the environment, and the environment over the file.',
      '`${NAME}` and `${NAME:-default}` are taken from the environment, a plain `$` is written `$$`. A key that holds a secret has a twin with `_file` that names a file with it. Paths in the file are relative to the file. Unknown keys are errors. `midwatch check` looks for them.',
      'Variables hold what the key would; a list is written with commas or as YAML (`[a, b]`), keys as YAML. `MIDWATCH_LISTEN` and `MIDWATCH_DATA` are short for `MIDWATCH_SERVER_LISTEN` and `MIDWATCH_STORAGE_DATA`.',
      ...parts.flatMap((part) => [
        `## ${part}`,
        optionTable(
          all.filter(({ path }) => path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[]`)),
          variableOf,
        ),
      ]),
      '## alertmanager',
      'Keys mean what they mean in `alertmanager.yml`. See [Routes](../how-to/routes.md), and [what differs](../differences.md#alertmanager). Below `receivers`, `http_config` and `tls_config` have the keys that they have in `global`, and inside of `routes` a route has those of `route`.',
      table(
        ['key', 'value', 'default', 'what'],
        all
          .filter(({ path }) => path.startsWith('alertmanager.') && !/receivers.*\.(?:http|tls)_config\./.test(path))
          .filter(({ kind, description }) => !kind.includes('keys') || description !== '')
          .map(({ path, kind, default: fallback, description, isSecret }) => [
            code(path.slice('alertmanager.'.length)),
            kind,
            fallback === undefined ? '' : code(fallback),
            isSecret ? `${description} A secret: \`_file\` behind the key names a file instead.`.trim() : description,
          ]),
      ),
      '## scrape_configs',
      'Keys mean what they mean in `prometheus.yml`. See [Scrape targets](../how-to/scrape-targets.md).',
      table(
        ['key', 'value', 'default'],
        all
          .filter(({ path }) => path.startsWith('scrape_configs'))
          .map(({ path, kind, default: fallback }) => [code(path), kind, fallback === undefined ? '' : code(fallback)]),
      ),
      '## All defaults',
      'What is in force when nothing is written:',
      `\`\`\`yaml\n# midwatch.yml\n${stringify(defaults(), { lineWidth: 0 })}\`\`\``,
    )
  },
}

function defaults(): unknown {
  const { config: empty } = loadConfig({ file: 'midwatch.yml', env: {}, readFile: () => '' })
  if (empty === undefined) throw new Error('an empty config is refused')
  return describeConfig(empty)
}
