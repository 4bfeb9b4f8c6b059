import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { whyUnreadable } from '../config/file.ts'
import { readKpiFiles } from '../config/kpis.ts'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../model/problem.ts'
import type { Kpi } from '../objective/kpi.ts'
import { CommandError } from './command-error.ts'
import { plain } from './print.ts'

const git = promisify(execFile)
const MOST_BYTES = 64 * 1024 * 1024

/** Files of KPIs that are asked about: those that are named, or those of the config. */
export interface KpiSelection {
  readonly files: readonly string[]
  /** Patterns of which they come; for what there was at another time. */
  readonly patterns: readonly string[]
}

interface Text {
  readonly file: string
  readonly text: string
}

/** @throws CommandError when the config has errors or names no files */
export async function selectKpiFiles(named: readonly string[], config: string | undefined): Promise<KpiSelection> {
  if (named.length > 0) return { files: named, patterns: named }
  const loaded = loadConfig({ file: config, env: process.env })
  if (loaded.config === undefined) {
    for (const problem of loaded.problems) process.stderr.write(`${plain(formatProblem(problem))}\n`)
    throw new CommandError(1, 'the config has errors')
  }
  const { kpiFiles } = loaded.config
  if (kpiFiles.length === 0) throw new CommandError(2, 'the config names no kpi_files; name a file')
  const { globSync } = await import('node:fs')
  return { files: kpiFiles.flatMap((pattern) => globSync(pattern).sort()), patterns: kpiFiles }
}

/**
 * Reads KPIs; warnings go to the standard error.
 *
 * @throws CommandError when there is an error in the files
 */
export function kpisOf(texts: readonly Text[]): readonly Kpi[] {
  const { kpis, problems } = readKpiFiles(texts)
  for (const problem of problems) process.stderr.write(`${plain(formatProblem(problem))}\n`)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) throw new CommandError(1, `${errors} ${errors === 1 ? 'error' : 'errors'}`)
  return kpis
}

/** @throws CommandError when one can't be read */
export function textsOf(files: readonly string[]): readonly Text[] {
  return files.map((file) => {
    try {
      return { file, text: readFileSync(file, 'utf8') }
    } catch (error) {
      throw new CommandError(2, `${plain(file)} can't be read: ${whyUnreadable(error)}`)
    }
  })
}

/**
 * The texts of a file, or of the selected files as they were in a revision of git.
 *
 * @throws CommandError when there is neither
 */
export async function baseTexts(base: string, { patterns }: KpiSelection): Promise<readonly Text[]> {
  if (existsSync(base)) return textsOf([base])
  const folders = new Set(patterns.map((pattern) => resolve(fixedFolder(pattern))))
  const texts: Text[] = []
  for (const folder of folders) {
    const root = (await ask(['rev-parse', '--show-toplevel'], folder, base)).trim()
    const listed = await ask(['ls-tree', '-r', '-z', '--name-only', '--full-tree', base], folder, base)
    const wanted = patterns.map((pattern) => globPattern(relative(root, resolve(pattern)).split(sep).join('/')))
    const paths = listed.split('\0').filter((path) => wanted.some((pattern) => pattern.test(path)))
    for (const path of paths) {
      const file = `${base}:${path}`
      if (texts.some((one) => one.file === file)) continue
      texts.push({ file, text: await ask(['show', file], folder, base) })
    }
  }
  return texts
}

async function ask(args: readonly string[], cwd: string, base: string): Promise<string> {
  try {
    // Not through a shell, and after `--` nothing is an option.
    const { stdout } = await git('git', ['-C', cwd, ...args], { maxBuffer: MOST_BYTES })
    return stdout
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string }
    const why = code === 'ENOENT' ? 'git is not installed' : (stderr.trim().split('\n')[0] ?? '')
    throw new CommandError(2, `--base ${plain(base)} is neither a file nor a revision of git: ${plain(why)}`)
  }
}

/** The part of a pattern before its first `*` or `?`, as a folder. */
function fixedFolder(pattern: string): string {
  const wild = pattern.search(/[*?[{]/)
  return dirname(wild === -1 ? pattern : `${pattern.slice(0, wild)}x`)
}

/** `*` is any name, `**` any folders, `?` one character. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*|\?|[.+^${}()|[\]\\]/g, (sign) => {
    if (sign === '**/') return '(?:.*/)?'
    if (sign === '*') return '[^/]*'
    return sign === '?' ? '[^/]' : `\\${sign}`
  })
  return new RegExp(`^${source}$`)
}
