import type { Listen } from '../config/config.ts'
import { formatListen } from '../config/describe.ts'
import type { LoadResult } from '../config/load.ts'

/**
 * A config that is read again, with the address that midwatch listens on already: only a start can take another one. What
 * follows from it, such as whether a token is needed, has to hold for where midwatch is reached and not for what a file says.
 */
export function keepListening(loaded: LoadResult, listen: Listen): LoadResult {
  const { config, problems, files } = loaded
  if (config === undefined || formatListen(config.server.listen) === formatListen(listen)) return loaded
  const message = `midwatch goes on listening on ${formatListen(listen)}; restart it for ${formatListen(config.server.listen)}`
  return {
    config: { ...config, server: { ...config.server, listen } },
    problems: [...problems, { file: files[0] ?? 'midwatch.yml', field: 'server.listen', message, severity: 'warning' }],
    files,
  }
}
