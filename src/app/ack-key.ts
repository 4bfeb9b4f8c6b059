import { randomBytes } from 'node:crypto'
import { getSetting, putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

const ACK_KEY = 'ack_link_key'

/** The key that signs links in messages; made at the first start, and kept in the data file so that links outlive a restart. */
export async function ackKey({ reader, writer }: Store, log: Log): Promise<Uint8Array> {
  const known = getSetting(reader, ACK_KEY)
  if (known !== undefined) return Buffer.from(known, 'base64url')
  const made = randomBytes(32)
  await writer.run(putSetting, { key: ACK_KEY, value: made.toString('base64url') }).catch((error: unknown) => {
    log.error({ event: 'ack.key_not_stored', err: error }, 'links that acknowledge are good until the next start only')
  })
  return made
}
