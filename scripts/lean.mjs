// What packages bring along and this program never reaches. Each entry says which file, what stands in for it, and why
// nothing misses it. A file that is not there any more makes the build fail, so no entry outlives its reason.
import { readFileSync } from 'node:fs'

const replacements = [
  {
    // Five databases' dialects, migrations, plugins. When an import of src/ is missing here, the build says so.
    file: 'kysely/dist/index.js',
    contents: `
      export { Kysely } from './kysely.js'
      export { DummyDriver } from './driver/dummy-driver.js'
      export { SqliteAdapter } from './dialect/sqlite/sqlite-adapter.js'
      export { SqliteIntrospector } from './dialect/sqlite/sqlite-introspector.js'
      export { SqliteQueryCompiler } from './dialect/sqlite/sqlite-query-compiler.js'
      export { sql } from './raw-builder/sql.js'
    `,
  },
  {
    // Tables are made by plain SQL files, so nothing builds a CREATE TABLE.
    file: 'kysely/dist/schema/schema-module.js',
    contents: 'export class SchemaModule {}',
  },
  {
    // MERGE: SQLite has none.
    file: 'kysely/dist/query-builder/merge-query-builder.js',
    contents: 'export class MergeQueryBuilder {}',
  },
  {
    // The texts of errors come in English, and most are midwatch's own.
    file: 'zod/v4/locales/index.js',
    contents: "export { default as en } from './en.js'",
  },
  {
    // East Asian character sets: a connection asks for utf8mb4, and the server converts.
    file: 'iconv-lite/encodings/dbcs-data.js',
    contents: 'module.exports = {}',
  },
  {
    // Certificates for `ssl: 'Amazon RDS'`, a word that the MySQL check does not pass on.
    file: 'mysql2/lib/constants/ssl_profiles.js',
    contents: 'module.exports = {}',
  },
  {
    // Default metrics of the process, with the whole OpenTelemetry API for the exemplars of one of them: midwatch has its own.
    file: 'prom-client/lib/defaultMetrics.js',
    contents: 'module.exports = function collectDefaultMetrics() { throw new Error("not in this bundle") }',
  },
  {
    // Counters of forked processes and pushing to a Pushgateway: there is one process, and it is scraped.
    file: 'prom-client/lib/cluster.js',
    contents: 'module.exports = class AggregatorRegistry {}',
  },
  {
    file: 'prom-client/lib/pushgateway.js',
    contents: 'module.exports = class Pushgateway {}',
  },
]

/** The esbuild plugin that leaves dead weight out. */
export const lean = {
  name: 'lean',
  setup(build) {
    for (const { file, contents } of replacements) {
      // Read only to fail when a new version of the package has moved it.
      readFileSync(new URL(`../node_modules/${file}`, import.meta.url))
      const filter = new RegExp(`[\\\\/]node_modules[\\\\/]${file.replace(/[.]/g, '\\.').replaceAll('/', '[\\\\/]')}$`)
      build.onLoad({ filter }, () => ({ contents, loader: 'js' }))
    }
  },
}
