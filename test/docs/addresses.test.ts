import { expect, test } from 'vitest'
import { readPage } from '../support/markdown.ts'
import { testWeb } from '../support/web.ts'

const page = readPage('docs/reference/http.md')
const listed = [...page.matchAll(/`((?:GET|HEAD|POST|PUT|DELETE|\\\|)+) (\/[^`?]*?)(?:\?[^`]*)?`/g)].map(
  ([, methods = '', path = '']) => ({ methods: methods.split('\\|'), path: path.replace(/\[.*$/, '') }),
)

function isListed(method: string, path: string): boolean {
  const named = path.replaceAll(/:(\w+)/g, '<$1>').replace(/\/\*$/, '')
  return listed.some(({ methods, path: known }) => {
    const isPath = shape(known) === shape(named) || (path.endsWith('/*') && known.startsWith(`${named}/`))
    return isPath && (method === 'ALL' || methods.includes(method))
  })
}

/** What a part is called does not matter. */
function shape(path: string): string {
  return path.replaceAll(/<[^>]*>/g, '<>')
}

/** `/runbooks/:name?` is two addresses; what is registered for all of them is none. */
async function routesOf() {
  await using site = await testWeb()
  return site.web.routes
    .filter(({ path }) => path !== '/*' && path !== '*')
    .flatMap(({ method, path }) =>
      path.endsWith('?')
        ? [path.slice(0, -1), path.replace(/\/:\w+\?$/, '')].map((each) => ({ method, path: each }))
        : [{ method, path }],
    )
}

test('docs/reference/http.md has every address that midwatch answers', async () => {
  const routes = await routesOf()
  expect(routes.length).toBeGreaterThan(30)
  const missing = routes.filter(({ method, path }) => !isListed(method, path))
  expect([...new Set(missing.map(({ method, path }) => `${method} ${path}`))]).toEqual([])
})

test('docs/reference/http.md has no address that midwatch does not answer', async () => {
  const known = (await routesOf()).map(({ path }) => path.replaceAll(/:(\w+)/g, '<$1>'))
  const isKnown = (path: string) =>
    known.some((one) => shape(one) === shape(path) || (one.endsWith('/*') && path.startsWith(one.slice(0, -1))))
  expect(listed.filter(({ path }) => !isKnown(path)).map(({ path }) => path)).toEqual([])
})
