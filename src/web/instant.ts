import type { VectorSample } from '../model/rule.ts'
import { queryStore } from '../rule/query.ts'
import type { WebContext } from './context.ts'

/** An instant query where the metrics are: here, or on the server that answers in midwatch's place. */
export function instant(
  { backend, store }: Pick<WebContext, 'backend' | 'store'>,
  text: string,
  atMs: number,
): Promise<readonly VectorSample[]> {
  return backend()?.instant(text, atMs) ?? queryStore(store.series, text, atMs)
}
