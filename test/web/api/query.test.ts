import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../../../src/web/server.ts'
import { describePeers, freePort, runPeer, startPeer } from '../../support/peers.ts'
import { putSamples } from '../../support/samples.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const NOW = Date.UTC(2026, 0, 1) / 1000

/** `up` of two instances, scraped every 15 s for the last five minutes. */
async function scrapedWeb(): Promise<TestWeb> {
  const web = await testWeb()
  const times = Array.from({ length: 20 }, (_, i) => NOW * 1000 - (19 - i) * 15_000)
  await putSamples(web.store, [
    [{ __name__: 'up', job: 'shop', instance: 'a' }, ...times.map((ms) => [ms, 1] as const)],
    [{ __name__: 'up', job: 'shop', instance: 'b' }, ...times.map((ms) => [ms, 0] as const)],
    [{ __name__: 'old', job: 'shop', zone: 'north' }, [NOW * 1000 - 3_600_000, 1]],
  ])
  web.store.series.describe('up', { type: 'gauge', help: 'Whether it answers.' })
  return web
}

function address(path: string, parameters: readonly (readonly [string, string | number])[]): string {
  return `/api/v1/${path}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

describe("Prometheus' query API", () => {
  let web: TestWeb
  beforeAll(async () => {
    web = await scrapedWeb()
  })
  afterAll(() => web[Symbol.asyncDispose]())
  const ask = (path: string, ...parameters: readonly (readonly [string, string | number])[]) =>
    web.get(address(path, parameters))

  test('answers an instant query with texts as values and seconds as times', async () => {
    const { status, json } = await ask('query', ['query', 'up{instance="a"}'], ['time', NOW + 0.25])
    expect(status).toBe(200)
    expect(json).toEqual({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: { __name__: 'up', instance: 'a', job: 'shop' }, value: [NOW + 0.25, '1'] }],
      },
    })
  })

  test('answers now when no time is given', async () => {
    expect((await ask('query', ['query', 'time()'])).json.data).toEqual({
      resultType: 'scalar',
      result: [NOW, `${NOW}`],
    })
  })

  test('answers a range vector with the samples themselves', async () => {
    const { json } = await ask('query', ['query', 'up{instance="b"}[30s]'])
    expect(json.data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'up', instance: 'b', job: 'shop' },
          values: [
            [NOW - 15, '0'],
            [NOW, '0'],
          ],
        },
      ],
    })
  })

  test('answers a range query step by step', async () => {
    const range = [
      ['start', NOW - 60],
      ['end', new Date(NOW * 1000).toISOString()],
      ['step', '30s'],
    ] as const
    const { json } = await ask('query_range', ['query', 'sum(up) + 0.5'], ...range)
    const values = [NOW - 60, NOW - 30, NOW].map((time) => [time, '1.5'])
    expect(json.data).toEqual({ resultType: 'matrix', result: [{ metric: {}, values }] })
  })

  test('takes parameters from a form, which count more than those of the address', async () => {
    const answer = await web.post(`/api/v1/query?query=2&time=${NOW}`, 'query=up%7Binstance%3D%22a%22%7D+%2B+1', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect(answer.json.data.result).toEqual([{ metric: { instance: 'a', job: 'shop' }, value: [NOW, '2'] }])
  })

  test('cuts a result at a limit and says so', async () => {
    const { json } = await ask('query', ['query', 'up'], ['limit', 1])
    expect(json.data.result).toHaveLength(1)
    expect(json.warnings).toEqual(['results truncated due to limit'])
    expect((await ask('query', ['query', 'up'], ['limit', 2])).json).not.toHaveProperty('warnings')
  })

  test('keeps warnings and infos apart, ten of each at most', async () => {
    const warned = (await ask('query', ['query', 'quantile(2, up)'])).json
    expect(warned.warnings).toEqual([expect.stringContaining('quantile value should be between 0 and 1')])
    expect(warned).not.toHaveProperty('infos')
    const many = Array.from({ length: 12 }, (_, i) => `quantile(${i + 2}, up)`).join(' + ')
    const { warnings } = (await ask('query', ['query', many])).json
    expect(warnings).toHaveLength(11)
    expect(warnings[10]).toBe('2 more warning annotations omitted')
    expect((await ask('query', ['query', 'rate(up[1m])'])).json.infos).toHaveLength(1)
  })

  test('ends a query whose time is over with 503', async () => {
    const { status, json } = await ask(
      'query',
      ['query', 'sum_over_time(vector(1)[1000000s:1s])'],
      ['timeout', '0.001'],
    )
    expect(status).toBe(503)
    expect(json).toMatchObject({ status: 'error', errorType: 'timeout' })
  })

  test('gives a query that would cost too much up with 422', async () => {
    const { status, json } = await ask('query', ['query', 'sum_over_time(vector(1)[100y:1s])'])
    expect(status).toBe(422)
    expect(json).toMatchObject({ status: 'error', errorType: 'execution', error: expect.stringContaining('samples') })
  })

  test('packs a large answer for those who take gzip', async () => {
    const path = address('query_range', [
      ['query', 'up'],
      ['start', NOW - 240],
      ['end', NOW],
      ['step', 1],
    ])
    const response = await web.web.request(path, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    const { data } = JSON.parse(gunzipSync(Buffer.from(await response.arrayBuffer())).toString())
    expect(data.result[0].values).toHaveLength(241)
  })

  test('lists series, labels and values of what the selectors want', async () => {
    const series = await ask(
      'series',
      ['match[]', 'up{instance="a"}'],
      ['match[]', '{zone="north"}'],
      ['match[]', 'up'],
    )
    expect(series.json.data).toEqual([
      { __name__: 'old', job: 'shop', zone: 'north' },
      { __name__: 'up', instance: 'a', job: 'shop' },
      { __name__: 'up', instance: 'b', job: 'shop' },
    ])
    expect((await ask('labels')).json.data).toEqual(['__name__', 'instance', 'job', 'zone'])
    expect((await ask('labels', ['match[]', 'up'])).json.data).toEqual(['__name__', 'instance', 'job'])
    expect((await ask('label/instance/values')).json.data).toEqual(['a', 'b'])
    expect((await ask('label/instance/values', ['match[]', 'up{instance!="a"}'])).json.data).toEqual(['b'])
    expect((await ask('label/nothing/values')).json.data).toEqual([])
  })

  test('leaves out series without samples between start and end, before and after they are sealed into chunks', async () => {
    const lastHour = [
      ['start', NOW - 600],
      ['end', NOW],
    ] as const
    const before = [
      ['start', NOW - 7200],
      ['end', NOW - 1800],
    ] as const
    const look = async () => {
      expect((await ask('label/__name__/values', ...lastHour)).json.data).toEqual(['up'])
      expect((await ask('label/__name__/values', ...before)).json.data).toEqual(['old'])
      expect((await ask('series', ['match[]', '{job="shop"}'], ...before)).json.data).toHaveLength(1)
      expect((await ask('labels', ...lastHour)).json.data).not.toContain('zone')
    }
    await look()
    await web.store.series.seal(NOW * 1000 - 100_000, 0, new AbortController().signal)
    await look()
    expect((await ask('query', ['query', 'count_over_time(up{instance="a"}[1h])'])).json.data.result[0].value[1]).toBe(
      '20',
    )
  })

  test('cuts lists at a limit and says so', async () => {
    const { json } = await ask('label/instance/values', ['limit', 1])
    expect(json).toEqual({ status: 'success', data: ['a'], warnings: ['results truncated due to limit'] })
  })

  test('takes label names of any characters in their escaped form', async () => {
    await putSamples(web.store, [[{ __name__: 'odd', 'service.name': 'shop', a_b: 'c' }, [NOW * 1000, 1]]])
    expect((await ask('label/U__service_2e_name/values')).json.data).toEqual(['shop'])
    expect((await ask('label/U__a__b/values')).json.data).toEqual(['c'])
    expect((await ask('label/service.name/values')).json.data).toEqual(['shop'])
  })

  test('tells what is known of metrics', async () => {
    await putSamples(web.store, [[{ __name__: 'probe_success', job: 'probe', check: 'shop' }, [NOW * 1000, 1]]])
    const { data } = (await ask('metadata')).json
    expect(data.up).toEqual([{ type: 'gauge', help: 'Whether it answers.', unit: '' }])
    expect(data.probe_success).toEqual([{ type: 'gauge', help: expect.stringMatching(/\w/), unit: '' }])
    expect(Object.keys((await ask('metadata', ['limit', 1])).json.data)).toHaveLength(1)
    expect(Object.keys((await ask('metadata', ['metric', 'up'])).json.data)).toEqual(['up'])
  })

  test('shows the tree of an expression', async () => {
    const { data } = (await ask('parse_query', ['query', 'sum by (job) (rate(up{job="shop"}[5m] offset 1m)) > 0.5']))
      .json
    expect(data).toMatchObject({
      type: 'binaryExpr',
      op: '>',
      bool: false,
      matching: null,
      rhs: { type: 'numberLiteral', val: '0.5' },
      lhs: {
        type: 'aggregation',
        op: 'sum',
        grouping: ['job'],
        without: false,
        param: null,
        expr: {
          type: 'call',
          func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
          args: [
            {
              type: 'matrixSelector',
              name: 'up',
              range: 300_000,
              offset: 60_000,
              timestamp: null,
              startOrEnd: null,
              matchers: expect.arrayContaining([{ name: 'job', value: 'shop', type: '=' }]),
            },
          ],
        },
      },
    })
  })

  test('says which Prometheus it speaks like', async () => {
    const { data } = (await ask('status/buildinfo')).json
    expect(data).toMatchObject({
      version: expect.stringMatching(/^3\./),
      revision: expect.stringContaining('midwatch'),
    })
  })
})

test('a subquery that names no step takes the time between evaluations, as in Prometheus', async () => {
  await using web = await testWeb()
  const query = encodeURIComponent('count_over_time(vector(1)[1m:])')
  const { json } = await web.get(`/api/v1/query?query=${query}`)
  expect(json.data.result).toMatchObject([{ value: [expect.any(Number), '4'] }])
})

test('needs a token with the read scope as soon as midwatch can be reached from elsewhere', async () => {
  const config = `
server:
  listen: 0.0.0.0:8420
  tokens: [{ name: pusher, token: only-for-pushing-0123456789, scopes: [ingest] }]
`
  await using web = await testWeb({ config })
  const paths = [
    'query?query=1',
    'query_range',
    'series',
    'labels',
    'label/job/values',
    'metadata',
    'rules',
    'alerts',
    'targets',
  ]
  for (const path of paths) {
    expect((await web.get(`/api/v1/${path}`)).status, path).toBe(401)
    const authorization = 'Bearer only-for-pushing-0123456789'
    expect((await web.get(`/api/v1/${path}`, { authorization })).status, path).toBe(403)
  }
  const authorization = `Bearer ${web.context.localToken}`
  expect((await web.get('/api/v1/query?query=1', { authorization })).status).toBe(200)
})

/** Address and parameters; each is asked of both, and both have to give the same status and JSON. */
const SAME: readonly (readonly [string, ...(readonly [string, string])[]])[] = [
  ...[
    ...[
      '1e-7',
      '1e21',
      '-0',
      '123456789012345678',
      'NaN',
      '-Inf',
      '"a\\"b<&>\\n\u{1f319}"',
      'vector(1.5)',
      'vector(1e-7)',
    ],
    ...[
      'vector(1e21)',
      'vector(-0)',
      'vector(1e-6)',
      'vector(0.1 + 0.2)',
      'vector(1e300)',
      'vector(-1.5e-9)',
      'vector(NaN)',
    ],
    ...[
      'label_replace(vector(1), "a", "<x> & \\"y\\" \\\\\\\\ \\n \u{1f319}", "", "")',
      'up',
      'up[5m]',
      'vector(1)[2m:1m]',
    ],
    ...['', 'sum(', 'rate(up)', 'sum(up[5m])', 'foo(up)'],
    ...['label_replace(vector(1), "a", "b", "c", "(")', 'vector(1) and 1', 'quantile_over_time(0.5, up)'],
  ].map((query) => ['query', ['query', query], ['time', '1767225600.25']] as const),
  ['query'],
  ['query', ['query', '1'], ['time', '2026-01-01T01:02:03.456789+01:00']],
  ['query', ['query', '1'], ['time', 'yesterday']],
  ['query', ['query', '1'], ['time', '2026-01-01']],
  ['query', ['query', 'up'], ['timeout', 'soon']],
  ['query_range'],
  ['query_range', ['query', '1'], ['start', '1']],
  ['query_range', ['query', '1'], ['start', '2'], ['end', '1']],
  ['query_range', ['query', '1'], ['start', '1'], ['end', '2']],
  ['query_range', ['query', '1'], ['start', '1'], ['end', '2'], ['step', '0']],
  ['query_range', ['query', '1'], ['start', '1'], ['end', '2'], ['step', '-1']],
  ['query_range', ['query', '1'], ['start', '1'], ['end', '2'], ['step', 'often']],
  ['query_range', ['query', '1'], ['start', '0'], ['end', '11001'], ['step', '1']],
  ['query_range', ['query', 'sum(vector(1))'], ['start', '0'], ['end', '11000'], ['step', '1']],
  ['query_range', ['query', 'vector(1)'], ['start', '0.5'], ['end', '2'], ['step', '500ms']],
  ['query_range', ['query', '2'], ['start', '1'], ['end', '2'], ['step', '0.3']],
  ['query_range', ['query', 'up[1m]'], ['start', '1'], ['end', '2'], ['step', '1']],
  ['query_range', ['query', '"a"'], ['start', '1'], ['end', '2'], ['step', '1']],
  ['query_range', ['query', 'sum('], ['start', '1'], ['end', '2'], ['step', '1']],
  ['series'],
  ['series', ['match[]', 'up']],
  ['series', ['match[]', '{}']],
  ['series', ['match[]', 'up'], ['start', 'x']],
  ['labels'],
  ['labels', ['start', 'x']],
  ['label/job/values'],
  ['label/job/values', ['end', 'x']],
  ['metadata'],
  ['metadata', ['limit', 'x']],
  ['query_exemplars', ['query', 'up']],
  ['query_exemplars', ['query', 'up'], ['start', '2'], ['end', '1']],
  ['query_exemplars', ['query', '(']],
  ['format_query', ['query', 'sum(up)by(job)']],
  ['format_query', ['query', '(']],
  ['rules'],
  ['rules', ['type', 'x']],
  ['alerts'],
]

/** What Prometheus 3 says in other words than the Prometheus 2 that is installed here. */
function inNewWords(text: string): unknown {
  const body = JSON.parse(text)
  if (typeof body.error !== 'string') return body
  const bare = body.error.replace('Invalid time value', 'invalid time value').replace('invalid parameter "query": ', '')
  return { ...body, error: bare }
}

describePeers(['prometheus', 'promtool'], ({ prometheus, promtool }) => {
  test('answers in the same words as Prometheus, errors included', async () => {
    await using web = await testWeb()
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-prometheus-'))
    try {
      await writeFile(join(folder, 'prometheus.yml'), '{}')
      const port = await freePort()
      const args = [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]
      await using _ = await startPeer(prometheus, args, { ready: `http://127.0.0.1:${port}/-/ready` })
      const theirs: unknown[] = []
      const ours: unknown[] = []
      for (const [path, ...parameters] of SAME) {
        const asked = address(path, parameters)
        const response = await fetch(`http://127.0.0.1:${port}${asked}`)
        theirs.push([asked, response.status, inNewWords(await response.text())])
        const { status, text } = await web.get(asked)
        ours.push([asked, status, inNewWords(text)])
      }
      expect(ours).toEqual(theirs)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 60_000)

  test('is asked by promtool', async () => {
    await using web = await scrapedWeb()
    const server = await listen(web.web, '127.0.0.1', 0)
    const url = `http://127.0.0.1:${server.port}`
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runPeer(promtool, ['query', ...args])
      expect([code, stderr]).toEqual([0, ''])
      return stdout.trim()
    }
    try {
      expect(await run('instant', `--time=${NOW}`, url, 'up{instance="a"}')).toBe(
        `up{instance="a", job="shop"} => 1 @[${NOW}]`,
      )
      const span = [`--start=${NOW - 30}`, `--end=${NOW}`]
      expect(await run('range', ...span, '--step=15s', url, 'sum(up)')).toBe(
        `{} =>\n${[NOW - 30, NOW - 15, NOW].map((time) => `1 @[${time}]`).join('\n')}`,
      )
      expect(await run('series', ...span, '--match=up', url)).toBe(
        '{__name__="up", instance="a", job="shop"}\n{__name__="up", instance="b", job="shop"}',
      )
      expect(await run('labels', url, 'instance')).toBe('a\nb')
      expect((await runPeer(promtool, ['query', 'instant', url, 'sum('])).stderr).toContain('unclosed left parenthesis')
    } finally {
      await server.close()
    }
  }, 60_000)
})
