import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'optionalDependencies' | 'devDependencies',
  Readonly<Record<string, string>>
>
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> }
const page = readFileSync('docs/dependencies.md', 'utf8')

/** Where a package of this name is found from another package's folder, as Node looks for it. */
function place(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (path in lock.packages) return path
    if (folder === '') return undefined
  }
}

test.each([
  ['Run time', manifest.dependencies],
  ['Optional', manifest.optionalDependencies],
  ['Development', manifest.devDependencies],
])('says in one line why each dependency is there: %s', (title, packages) => {
  const section = page.split(/^## /m).find((each) => each.startsWith(title)) ?? ''
  const told = [...section.matchAll(/^\| `(.+?)` \| \S.*\|$/gm)].map(([, name]) => name)
  expect(told).toEqual(Object.keys(packages).toSorted())
})

describe('the lockfile', () => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

  test('holds the exact versions that the manifest states', () => {
    const { dependencies, optionalDependencies, devDependencies } = manifest
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies })) {
      expect([name, lock.packages[`node_modules/${name}`]?.version]).toEqual([name, version])
    }
  })

  test('names no host, and knows what each package has to be', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
    expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([])
  })

  test('has every package that another one needs, those of other platforms too', () => {
    const missing = packages.flatMap(([path, { dependencies = {}, optionalDependencies = {} }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => place(name, path) === undefined)
        .map((name) => `${path} needs ${name}`),
    )
    expect(missing).toEqual([])
  })
})
