import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // They end what hangs, and nothing that a slow and busy machine still works at: how long something takes is no test's
    // matter, but that of the benches.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 50_000 } },
    pool: 'forks',
  },
})
