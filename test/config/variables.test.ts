import { describe, expect, test } from 'vitest'
import { load, loadFine, problemTexts } from './support.ts'

describe('${…}', () => {
  test('stands in any text, quoted or not, also inside of braces', () => {
    const env = { SLACK: 'https://hooks.slack.com/services/T0/B0/x', TEAM: 'shop', TEXT: 'a: b, c # d' }
    const config = loadFine(
      [
        'notify: { slack: ${SLACK}, by_severity: { low: [] } }',
        'checks:',
        '  - { name: ${TEAM}-web, http: "https://${TEAM}.example.org/", labels: { text: ${TEXT}, more: "${TEXT}" } }',
      ].join('\n'),
      { env },
    )
    expect(config.notify.channels.slack?.url.reveal()).toBe(env.SLACK)
    expect(config.checks[0]).toMatchObject({ name: 'shop-web', instance: 'https://shop.example.org/' })
    expect(config.checks[0]?.labels.toObject()).toEqual({ text: env.TEXT, more: env.TEXT })
  })

  test('may be a number or a switch where one is wanted', () => {
    const text = 'probes: { concurrency: ${COUNT} }\nnotify: { send_resolved: ${RESOLVED:-false} }'
    const { probes, notify } = loadFine(text, { env: { COUNT: '7' } })
    expect(probes.concurrency).toBe(7)
    expect(notify.sendResolved).toBe(false)
  })

  test('takes the default where the variable is not set or empty', () => {
    const level = (env: Record<string, string>) => loadFine('log: { level: ${LEVEL:-warn} }', { env }).log.level
    expect([level({}), level({ LEVEL: '' }), level({ LEVEL: 'error' })]).toEqual(['warn', 'warn', 'error'])
  })

  test('takes a default with signs of its own, an address for example', () => {
    const { server } = loadFine('server: { listen: ${LISTEN:-[::1]:99}, external_url: ${URL:-https://w.example.org/#}}')
    expect(server.listen).toEqual({ host: '::1', port: 99 })
  })

  test('is left alone in what a variable holds', () => {
    const { storage } = loadFine('storage: { data: "${DATA}" }', { env: { DATA: '${HOME}/$$' } })
    expect(storage.data).toBe('${HOME}/$$')
  })

  test('is written $${ where it means itself', () => {
    expect(loadFine('storage: { data: "a$b/$$/$${HOME}" }').storage.data).toBe('a$b/$/${HOME}')
  })

  test('means nothing in comments and keys', () => {
    expect(problemTexts(load('# ${NOBODY}\nlog: { level: info } # ${NOBODY}'))).toEqual([])
    expect(problemTexts(load('"${NOBODY}": 1'))).toEqual([expect.stringContaining('["${NOBODY}"]: is not a key of')])
  })

  test('that is not set is a problem once, with nothing said about what follows from it', () => {
    expect(
      problemTexts(load('checks:\n  - { name: a, http: ${NOBODY} }\n  - { name: b, http: "http://${NOBODY}/" }')),
    ).toEqual([
      'midwatch.yml:2:22: checks[0].http: the variable NOBODY is not set; set it or give a default: ${NOBODY:-…}',
      'midwatch.yml:3:22: checks[1].http: the variable NOBODY is not set; set it or give a default: ${NOBODY:-…}',
    ])
  })
})

describe('places', () => {
  test('stay right behind variables, in characters of the file', () => {
    const [problem] = load('server: { external_url: ${URL}, lissten: 1 }', {
      env: { URL: 'https://w.example.org' },
    }).problems
    expect(problem).toMatchObject({ line: 1, column: 33, field: 'server.lissten' })
  })
})
