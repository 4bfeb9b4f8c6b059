import { expect, test } from 'vitest'
import { DeliveryError, type SendContext } from '../../../src/notify/channel/channel.ts'
import { closedPort } from '../../support/listen.ts'
import type { Manner, Member } from './members.ts'
import { NOW, sendContext } from './notification.ts'

/** Whatever posts, or mails, what somebody is to know, and the other side of it. */
export interface Delivered extends Pick<Member, 'start' | 'refusals' | 'secrets' | 'overHttp'> {
  /** @param more settings besides */
  send(host: string, port: number, context: SendContext, more?: Readonly<Record<string, unknown>>): Promise<void>
  describe(more: Readonly<Record<string, unknown>>): unknown
}

const TAKES: Manner = { kind: 'takes' }

export async function failure(sending: Promise<void>): Promise<DeliveryError> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  const { message } = error as DeliveryError
  // One line that a person can read.
  expect(message).toMatch(/^[^\n]{10,400}$/)
  expect(message).not.toMatch(/undefined|\[object/)
  return error as DeliveryError
}

/** What is expected of every way on which something is sent: what is tried again, what is not, and that nothing leaks. */
export function deliveryContract(it: Delivered): void {
  test.each(it.refusals)('a refusal with %i is tried again: %s', async (status, retry) => {
    await using other = await it.start({ kind: 'refuses', status })
    const error = await failure(it.send('127.0.0.1', other.port, sendContext()))
    expect(error.retry).toBe(retry)
    expect(error.message).toContain(String(status))
  })

  test('a service that hangs is left as soon as the try is over, and its connection closed', async () => {
    const stop = new AbortController()
    const reached = Promise.withResolvers<void>()
    await using other = await it.start({ kind: 'hangs', reached: reached.resolve })
    const failing = failure(it.send('127.0.0.1', other.port, sendContext(stop.signal)))
    await reached.promise
    stop.abort()
    const error = await failing
    expect(error.retry).toBe('later')
    expect(error.message).toContain('did not answer in time')
    await other.allClosed()
  })

  test('a try that is over before it begins sends nothing', async () => {
    await using other = await it.start(TAKES)
    const error = await failure(it.send('127.0.0.1', other.port, sendContext(AbortSignal.abort())))
    expect(error.retry).toBe('later')
    expect(other.messages).toEqual([])
  })

  test('a line that is cut is tried again', async () => {
    await using other = await it.start({ kind: 'cuts' })
    expect((await failure(it.send('127.0.0.1', other.port, sendContext()))).retry).toBe('later')
  })

  test('where nobody listens it is tried again, with the reason', async () => {
    const error = await failure(it.send('127.0.0.1', await closedPort(), sendContext()))
    expect(error).toMatchObject({ retry: 'later', message: expect.stringContaining('ECONNREFUSED') })
  })

  test('a name that does not exist is tried again, with the reason', async () => {
    const error = await failure(it.send('nowhere.invalid', 25, sendContext()))
    expect(error).toMatchObject({ retry: 'later', message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN|EBADNAME/) })
  })

  test.each(['169.254.169.254', '2852039166', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]', '[64:ff9b::a9fe:a9fe]'])(
    'nothing goes to what clouds answer at: %s',
    async (host) => {
      const error = await failure(it.send(host, 80, sendContext()))
      expect(error.message).toMatch(/not allowed as a target/)
    },
  )

  test.each([400, 503])('a service that repeats what it was told betrays nothing by its %i', async (status) => {
    await using other = await it.start({ kind: 'repeats', status: it.overHttp ? status : 535 })
    const error = await failure(it.send('127.0.0.1', other.port, sendContext()))
    expect(it.secrets.filter((secret) => error.message.includes(secret))).toEqual([])
  })

  if (it.overHttp) contractOverHttp(it)
}

function contractOverHttp(it: Delivered): void {
  test('a redirect is a failure, and the message goes nowhere else', async () => {
    await using elsewhere = await it.start(TAKES)
    const location = `http://127.0.0.1:${elsewhere.port}/`
    await using other = await it.start({ kind: 'refuses', status: 307, headers: { location } })
    const error = await failure(it.send('127.0.0.1', other.port, sendContext()))
    expect(error).toMatchObject({ retry: 'later', message: expect.stringContaining('sends elsewhere') })
    expect(elsewhere.messages).toEqual([])
  })

  test.each([
    ['30', 30_000],
    [new Date(NOW + 90_000).toUTCString(), 90_000],
    ['soon', 0],
  ])('waits for as long as it is asked to: %s', async (header, waitMs) => {
    const headers = { 'retry-after': header }
    await using other = await it.start({ kind: 'refuses', status: 429, headers })
    expect(await failure(it.send('127.0.0.1', other.port, sendContext()))).toMatchObject({ retry: 'later', waitMs })
  })

  test('goes through a proxy where one is named, and never past it', async () => {
    await using proxy = await it.start(TAKES)
    const way = { proxy: `http://watch:canary-of-the-proxy@127.0.0.1:${proxy.port}` }
    await it.send('service.invalid', 80, sendContext(), way)
    expect(proxy.messages).toHaveLength(1)
    const nobody = { proxy: 'http://127.0.0.1:1' }
    expect((await failure(it.send('127.0.0.1', proxy.port, sendContext(), nobody))).retry).toBe('later')
    expect(proxy.messages).toHaveLength(1)
    expect(JSON.stringify(it.describe(way))).not.toContain('canary-of-the-proxy')
  })
}
