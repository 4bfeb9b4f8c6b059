import { describe, expect, test } from 'vitest'
import { cloudEvent } from '../../src/notify/event.ts'
import { describeEventSink, eventOutlet, eventSink } from '../../src/notify/event-sink.ts'
import { deliveryContract } from './channel/delivery-contract.ts'
import { members } from './channel/members.ts'
import { NOW, sendContext } from './channel/notification.ts'

const webhook = members.find(({ name }) => name === 'webhook') as (typeof members)[number]
const SOURCE = 'https://watch.example.org'
const event = cloudEvent({ type: 'config.reloaded', subject: 'config', atMs: NOW, data: { actor: 'file' } }, SOURCE)

const settingsFor = (host: string, port: number, more = {}) =>
  eventSink.parse({ ...webhook.written(host, port), ...more })

// It is set up and posts as a webhook does, so that the same other side receives it.
describe('the event sink', () => {
  deliveryContract({
    ...webhook,
    send: (host, port, context, more) => eventOutlet(settingsFor(host, port, more), SOURCE).send(event, context),
    describe: (more) => describeEventSink(settingsFor('127.0.0.1', 1, more)),
  })

  test('posts one CloudEvent, under the same id at every try', async () => {
    await using it = await webhook.start({ kind: 'takes' })
    const outlet = eventOutlet(settingsFor('127.0.0.1', it.port), SOURCE)
    for (let time = 0; time < 2; time++) await outlet.send(event, sendContext())
    expect(it.messages.map((text) => JSON.parse(text) as unknown)).toEqual([event, event])
    expect(event).toMatchObject({ specversion: '1.0', source: SOURCE, type: 'midwatch.config.reloaded' })
  })
})
