import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { scrapeConfigs } from '../../../src/probe/scrape/config.ts'
import { fingerprintOf } from '../../../src/probe/scrape/fingerprint.ts'
import { makeTargets } from '../../../src/probe/scrape/target.ts'

function messages(config: Record<string, unknown>): string[] {
  const parsed = scrapeConfigs.safeParse([{ job_name: 'x', ...config }])
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`)
}

function parse(config: Record<string, unknown>) {
  const [parsed] = scrapeConfigs.parse([{ job_name: 'x', ...config }])
  return parsed as NonNullable<typeof parsed>
}

describe('a scrape config', () => {
  test('has the defaults of Prometheus', () => {
    expect(parse({})).toMatchObject({
      intervalMs: 60_000,
      timeoutMs: 10_000,
      metricsPath: '/metrics',
      scheme: 'http',
      honorLabels: false,
      honorTimestamps: true,
      followRedirects: true,
      credentials: undefined,
      limits: {
        samples: 0,
        targets: 0,
        labels: 0,
        labelNameLength: 0,
        labelValueLength: 0,
        bodyBytes: 256 * 1024 ** 2,
      },
    })
    expect(parse({ scrape_interval: '5s' }).timeoutMs).toBe(5000)
    expect(parse({ body_size_limit: '1.5MB' }).limits.bodyBytes).toBe(1.5 * 1024 ** 2)
    expect(parse({ file_sd_configs: [{ files: ['a.yml'] }] }).fileDiscoveries[0]?.refreshMs).toBe(300_000)
  })

  test.each([
    [{ scrape_intervall: '1m' }, ': Unrecognized key: "scrape_intervall"'],
    [{ static_configs: [{ target: ['a:1'], targets: [] }] }, 'static_configs.0: Unrecognized key: "target"'],
    [
      { kubernetes_sd_configs: [{ role: 'pod' }] },
      'kubernetes_sd_configs: kubernetes_sd_configs is a key of Prometheus that midwatch does not have; write the targets to a file and name it in file_sd_configs',
    ],
    [
      { bearer_token: 'x' },
      'bearer_token: bearer_token is a key of Prometheus that midwatch does not have; write authorization',
    ],
    [{ tls_config: { min_version: 'TLS12' } }, 'tls_config.min_version: min_version is a key of Prometheus'],
    [{ scrape_interval: '5s', scrape_timeout: '10s' }, ': scrape_timeout (10s) is longer than scrape_interval (5s)'],
    [{ scrape_interval: '0s' }, 'scrape_interval: is zero; write a duration such as 15s'],
    [{ scheme: 'ftp' }, 'scheme: is not a scheme; write http or https'],
    [
      { static_configs: [{ targets: ['http://a:1/metrics'] }] },
      'static_configs.0.targets.0: "http://a:1/metrics" is not host:port; the scheme belongs in scheme',
    ],
    [
      { static_configs: [{ targets: ['a:1'], labels: { 'a-b': '1' } }] },
      'static_configs.0.labels.a-b: "a-b" is not a label name',
    ],
    [{ authorization: {} }, 'authorization: needs either credentials or credentials_file'],
    [{ authorization: { credentials: 'a', credentials_file: 'b' } }, 'authorization: needs either'],
    [{ authorization: { type: 'Basic', credentials: 'a' } }, 'authorization: type is Basic; write basic_auth'],
    [{ authorization: { credentials: 'a' }, basic_auth: { username: 'b' } }, ': has both authorization and basic_auth'],
    [{ basic_auth: { password: 'a', password_file: 'b' } }, 'basic_auth: has both password and password_file'],
    [{ tls_config: { cert_file: 'a' } }, 'tls_config: has only one of cert_file and key_file'],
    [{ body_size_limit: 'big' }, 'body_size_limit: "big" is not a size; write one such as 20MB'],
    [{ sample_limit: -1 }, 'sample_limit: is negative'],
    [{ file_sd_configs: [{ files: ['*/a.yml'] }] }, 'file_sd_configs.0.files.0: "*/a.yml" is not a file of targets'],
    [{ file_sd_configs: [{ files: [] }] }, 'file_sd_configs.0.files: is empty'],
  ])('refuses %j and says where and what', (config, message) => {
    expect(messages(config).join('\n')).toContain(message)
  })

  test('refuses two jobs of one name', () => {
    const parsed = scrapeConfigs.safeParse([{ job_name: 'a' }, { job_name: 'a' }])
    expect(parsed.error?.issues[0]).toMatchObject({ path: [1, 'job_name'], message: expect.stringContaining('"a"') })
  })

  test('never shows a secret, yet notices when it changes', () => {
    const configs = ['hunter2', 'hunter3'].map((password) => parse({ basic_auth: { username: 'u', password } }))
    expect(
      JSON.stringify(configs, (_, value) => (typeof value === 'bigint' ? '' : value)) + inspect(configs, { depth: 9 }),
    ).not.toContain('hunter')
    const prints = configs.map(fingerprintOf)
    expect(prints[0]).not.toBe(prints[1])
    expect(fingerprintOf(parse({ basic_auth: { password: 'hunter2', username: 'u' } }))).toBe(prints[0])
  })
})

describe('targets', () => {
  function targetsOf(config: Record<string, unknown>) {
    const parsed = parse(config)
    return makeTargets(parsed.staticGroups, parsed)
  }
  const rename = (target_label: string, replacement: string) => ({ target_label, replacement })

  test('get their URL, times and labels from what relabelling left', () => {
    const { targets } = targetsOf({
      scrape_interval: '1m',
      params: { module: ['http', 'tcp'], 'a b': ['ü&'] },
      static_configs: [{ targets: ['a:1'], labels: { env: 'prod', empty: '', __meta_x: 'y' } }],
      relabel_configs: [
        { source_labels: ['__address__'], target_label: '__param_target' },
        rename('__param_module', 'icmp'),
        rename('__address__', 'prober:9115'),
        rename('__scheme__', 'https'),
        rename('__metrics_path__', '/probe'),
        rename('__scrape_interval__', '30s'),
        rename('__scrape_timeout__', '5s'),
      ],
    })
    expect(targets).toHaveLength(1)
    expect(targets[0]).toMatchObject({ intervalMs: 30_000, timeoutMs: 5000 })
    expect(targets[0]?.labels.toObject()).toEqual({ job: 'x', env: 'prod', instance: 'prober:9115' })
    expect(targets[0]?.url.href).toBe('https://prober:9115/probe?a+b=%C3%BC%26&module=icmp&module=tcp&target=a%3A1')
  })

  test('are one where they are the same', () => {
    const { targets } = targetsOf({ static_configs: [{ targets: ['a:1', 'a:1'] }, { targets: ['a:1', 'b:1'] }] })
    expect(targets.map(({ labels }) => labels.get('instance'))).toEqual(['a:1', 'b:1'])
  })

  test('that can not be are told with the reason, and the others stay', () => {
    const because = (...relabel_configs: Record<string, string>[]) =>
      targetsOf({ static_configs: [{ targets: ['a:1'] }], relabel_configs })
    expect(because(rename('__address__', '')).problems[0]).toContain('target a:1: has no __address__ after relabelling')
    expect(because(rename('__address__', 'a/b')).problems[0]).toContain('"a/b" is not host:port')
    expect(because(rename('__scheme__', 'ftp')).problems[0]).toContain('__scheme__ is "ftp"')
    expect(because(rename('__scrape_interval__', 'soon')).problems[0]).toContain('__scrape_interval__ is "soon"')
    expect(because(rename('__scrape_timeout__', '2h')).problems[0]).toContain(
      'timeout (2h) is longer than its interval (1m)',
    )
    expect(because(rename('instance', 'mine')).targets[0]?.labels.get('instance')).toBe('mine')
  })

  test('hide the values of parameters that are secret by their name', () => {
    const { targets } = targetsOf({ params: { token: ['hunter2'] }, static_configs: [{ targets: ['a:80'] }] })
    expect(targets[0]?.shownUrl).toBe('http://a:80/metrics?token=***')
    expect(targets[0]?.url.search).toBe('?token=hunter2')
  })
})
