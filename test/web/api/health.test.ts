import { expect, test } from 'vitest'
import { testWeb } from '../../support/web.ts'

test.each(['/health/ready', '/-/ready'])(
  '%s waits for the rules: who routes by it asks nobody who still reads them',
  async (path) => {
    let isStarted = false
    const web = await testWeb({ context: { isStarted: () => isStarted } })
    try {
      const early = await web.get(path)
      expect(early.status).toBe(503)
      expect(early.text).toContain('starting')
      expect((await web.get('/health/live')).status).toBe(200)
      isStarted = true
      expect((await web.get(path)).status).toBe(200)
    } finally {
      await web[Symbol.asyncDispose]()
    }
  },
)
