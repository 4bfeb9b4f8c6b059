import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commands } from '../../src/cli/registry.ts'
import { loadConfig } from '../../src/config/load.ts'

interface Instruction {
  readonly word: string
  readonly rest: string
}

const text = readFileSync('Dockerfile', 'utf8')
const instructions = readInstructions(text)
const stages = splitStages(instructions)
const finalStage = stages.at(-1) ?? []

function readInstructions(file: string): readonly Instruction[] {
  const lines = file.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => {
      const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
      return { word, rest: rest.trim().replace(/\s+/g, ' ') }
    })
}

function splitStages(all: readonly Instruction[]): readonly (readonly Instruction[])[] {
  const found: Instruction[][] = []
  for (const each of all) {
    if (each.word === 'FROM') found.push([])
    found.at(-1)?.push(each)
  }
  return found
}

function allOf(word: string, among: readonly Instruction[] = instructions): readonly string[] {
  return among.filter((each) => each.word === word).map(({ rest }) => rest)
}

/** The one instruction of this kind in the image that ships. */
function oneOf(word: string): string {
  const [rest, ...more] = allOf(word, finalStage)
  expect({ word, more }).toEqual({ word, more: [] })
  if (rest === undefined) throw new Error(`the last stage has no ${word}`)
  return rest
}

function environment(): Record<string, string> {
  const pairs = allOf('ENV', finalStage).flatMap((rest) => [...rest.matchAll(/([A-Z_]+)=(\S+)/g)])
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
}

describe('the Dockerfile', () => {
  test('knows only instructions that every builder knows, and no heredocs', () => {
    const known = /^(?:FROM|RUN|COPY|WORKDIR|LABEL|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/
    expect(instructions.map(({ word }) => word).filter((word) => !known.test(word))).toEqual([])
    expect(text).not.toContain('<<')
    expect(allOf('HEALTHCHECK').join()).not.toContain('--start-interval')
  })

  test('names every base image with a tag that says which', () => {
    for (const from of allOf('FROM'))
      expect(from).toMatch(/^[a-z/]+:(?!latest)[\w.-]*(?:\d|bookworm)[\w.-]*(?: AS \w+)?$/)
  })

  test('installs packages without extras and leaves no package lists behind', () => {
    const installs = allOf('RUN').filter((run) => run.includes('apt-get'))
    expect(installs.length).toBeGreaterThan(0)
    for (const run of installs) {
      expect(run).toContain('apt-get update &&')
      expect(run).toContain('--no-install-recommends')
      expect(run).toContain('rm -rf /var/lib/apt/lists/*')
    }
  })

  test('installs exactly what the lockfile says, before the sources are copied', () => {
    const build = stages[0] ?? []
    const at = (part: string) => build.findIndex(({ rest }) => rest.includes(part))
    expect(at('npm ci')).toBeGreaterThan(at('package-lock.json'))
    expect(at('. .')).toBeGreaterThan(at('npm ci'))
    expect(text).not.toMatch(/npm (?:i|install)\b/)
  })

  test('ships an image with a user that is not root, given as a number, which cluster policies can check', () => {
    const [uid = '', gid = ''] = oneOf('USER').split(':')
    expect(Number(uid)).toBeGreaterThan(0)
    expect(Number(gid)).toBeGreaterThan(0)
    const run = allOf('RUN', finalStage).join()
    expect(run).toContain(`--uid ${uid} `)
    expect(run).toContain(`--gid ${gid} `)
  })

  test('starts the program without a shell, so that signals reach it', () => {
    expect(JSON.parse(oneOf('ENTRYPOINT'))).toEqual(['midwatch'])
    const [command] = JSON.parse(oneOf('CMD')) as string[]
    expect(Object.keys(commands)).toContain(command)
    expect(oneOf('STOPSIGNAL')).toBe('SIGTERM')
  })

  test('asks the program itself whether it is alive, for longer than it takes to give up', () => {
    const [, seconds = '', json = ''] = /--timeout=(\d+)s .*CMD (\[.*\])$/.exec(oneOf('HEALTHCHECK')) ?? []
    const [program, command = ''] = JSON.parse(json) as string[]
    expect(program).toBe('midwatch')
    expect(Object.keys(commands)).toContain(command)
    expect(Number(seconds)).toBeGreaterThan(5)
  })

  test('sets what the config understands, and it fits what the image offers', () => {
    const { config, problems } = loadConfig({ file: undefined, env: environment(), readFile: noFile })
    expect(problems).toEqual([])
    expect(config?.server.listen).toMatchObject({ host: '0.0.0.0', port: Number(oneOf('EXPOSE')) })
    expect(config?.storage.data).toBe(oneOf('VOLUME'))
  })

  test('has the program that the icmp check starts, startable without NET_RAW too', () => {
    const run = allOf('RUN', finalStage).join()
    expect(run).toContain('iputils-ping')
    expect(run).toContain('setcap cap_net_raw=p ')
  })
})

describe('what goes to the builder', () => {
  const patterns = readFileSync('.dockerignore', 'utf8').trim().split('\n')
  const isIgnored = (path: string): boolean => {
    const parents = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))
    return patterns.reduce((ignored, pattern) => {
      const glob = pattern.replace(/^!/, '')
      return parents.some((each) => matchesGlob(each, glob)) ? !pattern.startsWith('!') : ignored
    }, false)
  }

  test.each([
    ...['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'LICENSE', 'scripts/build.mjs', 'src/main.ts'],
    ...['migrations/0001-start.sql', 'rules/self.yml', 'docs/runbooks/README.md', 'src/web/static/midwatch.css'],
  ])('has %s, which the build reads', (path) => {
    expect(isIgnored(path)).toBe(false)
  })

  test.each(['.git/config', 'node_modules/zod/package.json', 'dist/midwatch.cjs', 'data/midwatch.db', '.env'])(
    'has not %s',
    (path) => {
      expect(isIgnored(path)).toBe(true)
    },
  )
})

describe('the Compose file of the how-to', () => {
  const page = readFileSync('docs/how-to/run-in-a-container.md', 'utf8')
  const compose = parse(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as {
    services: { midwatch: { ports: string[]; volumes: string[]; stop_grace_period: string } }
    volumes: Record<string, unknown>
  }
  const { midwatch } = compose.services

  test('publishes the port of the image on loopback only', () => {
    expect(midwatch.ports).toEqual([`127.0.0.1:${oneOf('EXPOSE')}:${oneOf('EXPOSE')}`])
  })

  test('keeps the data in a volume and brings the config where it is looked for', () => {
    expect(midwatch.volumes).toContain(`data:${oneOf('VOLUME')}`)
    expect(Object.keys(compose.volumes)).toEqual(['data'])
    expect(midwatch.volumes.join()).toContain(`:${oneOf('WORKDIR')}/midwatch.yml:ro`)
  })

  test('waits longer for the end than midwatch takes', () => {
    expect(Number.parseInt(midwatch.stop_grace_period, 10)).toBeGreaterThan(10)
  })
})

function noFile(path: string): never {
  throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' })
}
