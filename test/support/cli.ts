import { vi } from 'vitest'
import { runCli } from '../../src/cli/cli.ts'

export interface CommandResult {
  readonly out: string
  readonly err: string
  /** 0 fine, 1 found a problem, 2 wrong use. */
  readonly code: number
}

/** Runs one command in this process, as from a shell with these variables and no others of midwatch's. */
export async function midwatch(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  let out = ''
  let err = ''
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text
    return true
  })
  const own = ['MIDWATCH_URL', 'MIDWATCH_TOKEN', 'MIDWATCH_CONFIG', 'MIDWATCH_DATA', 'MIDWATCH_STORAGE_DATA']
  for (const name of new Set([...own, ...Object.keys(env)])) {
    vi.stubEnv(name, env[name])
  }
  try {
    process.exitCode = undefined
    await runCli(args)
    return { out, err, code: Number(process.exitCode ?? 0) }
  } finally {
    process.exitCode = undefined
    vi.unstubAllEnvs()
    stdout.mockRestore()
    stderr.mockRestore()
  }
}
