import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions } from '../../build.mjs'
import { nodeEnv, nodeFlags, program } from '../support.mjs'

/** Runs one of the files beside this one in a process of its own, as the program would run it; gives what it prints. */
export async function runEngine(name) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  try {
    symlinkSync(join(dirname(program), 'assets'), join(folder, 'assets'))
    const outfile = join(folder, 'engine.cjs')
    await build({ ...bundleOptions, entryPoints: [join(import.meta.dirname, `${name}.ts`)], outfile })
    const child = spawn(process.execPath, [...nodeFlags, outfile, join(folder, 'data')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, ...nodeEnv },
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    return JSON.parse(text)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
