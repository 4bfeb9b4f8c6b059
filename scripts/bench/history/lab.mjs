import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { startMidwatch } from '../support.mjs'
import { load } from './cache.mjs'
import { Client } from './client.mjs'
import { isThere, peers, startPeer } from './programs.mjs'
import { history } from './series.mjs'

let opened

/**
 * midwatch and its peers, running on the same 30 days; started by the first row that asks.
 *
 * @returns the end of the data, and of each program its name, its address and a client; undefined for a missing peer
 */
export function lab() {
  opened ??= open()
  return opened
}

export async function closeLab() {
  if (opened === undefined) return
  const { stop } = await opened
  opened = undefined
  await stop()
}

export const historyData = () => load('history', history)

/** Puts a copy of a midwatch's data where one is to start: what it writes must not stay in the cache. */
export function copyOf(dataFolder) {
  return (folder) => cpSync(dataFolder, join(folder, 'data'), { recursive: true })
}

async function open() {
  const data = await historyData()
  const midwatch = await startMidwatch('{}', copyOf(data.midwatch))
  const running = { midwatch: { name: 'midwatch', url: midwatch.url } }
  for (const [key, peer] of Object.entries(peers)) {
    running[key] = isThere(peer) ? await startPeer(peer, data[key]) : undefined
  }
  const present = Object.values(running).filter((one) => one !== undefined)
  for (const one of present) one.client = new Client(one.url)
  return {
    endMs: data.endMs,
    ...running,
    async stop() {
      for (const { client } of present) client.close()
      await midwatch.stop()
      for (const key of Object.keys(peers)) await running[key]?.end()
    },
  }
}
