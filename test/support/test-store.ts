import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels } from '../../src/model/labels.ts'
import { Connection } from '../../src/store/database.ts'
import { openStore, type Store, type StoreOptions } from '../../src/store/store.ts'
import { Writer } from '../../src/store/writer.ts'
import { ManualClock } from './manual-clock.ts'

/** A folder of its own; `await using` removes it. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string
}

export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'midwatch-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A real store in a folder of its own; `await using` closes and removes it. */
export interface TestStore extends AsyncDisposable {
  readonly dataDir: string
  readonly clock: ManualClock
  /** What the store said it could not read. */
  readonly corrupt: readonly string[]
  /** The store as it is open now. */
  readonly store: Store
  /** Leaves the disk no page more (small writes still find room in those that are there), and gives the room back. */
  readonly disk: { fill(): void; free(): void }
  /** Closes it in order and opens the same folder again. */
  reopen(): Promise<Store>
}

export async function testStore(options: Partial<StoreOptions> & { clock?: ManualClock } = {}): Promise<TestStore> {
  const folder = options.dataDir === undefined ? await tempFolder() : undefined
  const dataDir = options.dataDir ?? (folder as TempFolder).path
  const clock = options.clock ?? new ManualClock()
  const corrupt: string[] = []
  let connection: Connection | undefined
  const inline = (file: string) => {
    connection = new Connection(file)
    return Writer.on(connection)
  }
  const limitPages = (count: number) => void connection?.raw.pragma(`max_page_count = ${count}`)
  const open = () =>
    openStore({
      limits: { series: 100_000, seriesPerMetric: 10_000 },
      writer: inline,
      onCorrupt: (what) => void corrupt.push(what),
      onWriterDeath: () => {},
      ...options,
      dataDir,
      clock,
    })
  let store = await open()
  return {
    dataDir,
    clock,
    corrupt,
    disk: {
      // SQLite keeps the pages that are there; what needs another one fails.
      fill: () => limitPages(1),
      free: () => limitPages(1_073_741_823),
    },
    get store() {
      return store
    },
    async reopen() {
      await store.close()
      store = await open()
      return store
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await folder?.[Symbol.asyncDispose]()
    },
  }
}

/** Labels from `name{a="b"}` in a shorter way: `series('up', { job: 'x' })`. */
export function series(name: string, labels: Readonly<Record<string, string>> = {}): Labels {
  return Labels.of({ ...labels, __name__: name })
}
