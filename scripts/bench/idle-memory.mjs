import { setTimeout as delay } from 'node:timers/promises'
import { residentMegabytes, startMidwatch, startTarget } from './support.mjs'

const LIMIT_MB = 130

export const idleMemory = {
  name: 'resident memory with 50 checks after 40 s, MB',
  bar: `<= ${LIMIT_MB}`,
  async run() {
    const target = await startTarget()
    const checks = Array.from(
      { length: 50 },
      (_, i) => `  - { name: c${i}, http: "http://127.0.0.1:${target.port}/", every: 10s }`,
    )
    const midwatch = await startMidwatch(`checks:\n${checks.join('\n')}\n`)
    await delay(40_000)
    const megabytes = residentMegabytes(midwatch.pid)
    await midwatch.stop()
    target.stop()
    return { ours: Math.round(megabytes), pass: megabytes <= LIMIT_MB }
  },
}
