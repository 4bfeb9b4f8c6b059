import type { ChannelName } from '../../../src/notify/channel/registry.ts'
import { segmentCount } from '../../../src/notify/channel/sms-text.ts'
import { type Answer, fakeMail, fakeWeb, type Taken } from './fakes.ts'

/** The other side of a channel, at work on loopback. */
export interface OtherSide extends AsyncDisposable {
  readonly port: number
  /** What people read, message by message. */
  readonly messages: readonly string[]
  /** Why a message would be refused where it is too long or torn; empty for a good one. */
  faults(): readonly string[]
  /** Fulfilled when we have closed all connections. */
  allClosed(): Promise<void>
}

/** How the other side behaves. */
export type Manner =
  | { readonly kind: 'takes' }
  | { readonly kind: 'refuses'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Repeats in its refusal all that it was told. */
  | { readonly kind: 'repeats'; readonly status: number }
  | { readonly kind: 'hangs'; readonly reached: () => void }
  | { readonly kind: 'cuts' }

export interface Member {
  readonly name: ChannelName
  /** As it stands in the file. */
  written(host: string, port: number): Readonly<Record<string, unknown>>
  /** Whatever of it nobody may see. */
  readonly secrets: readonly string[]
  readonly start: (manner: Manner) => Promise<OtherSide>
  /** What a refusal means, by its status. */
  readonly refusals: readonly (readonly [status: number, retry: 'later' | 'never'])[]
  readonly overHttp: boolean
}

/** The statuses mean the same at everybody who speaks HTTP. */
const HTTP_REFUSALS = [
  [400, 'never'],
  [410, 'never'],
  [413, 'never'],
  [422, 'never'],
  [401, 'later'],
  [403, 'later'],
  [404, 'later'],
  [408, 'later'],
  [429, 'later'],
  [500, 'later'],
  [502, 'later'],
  [503, 'later'],
] as const

const WEBHOOK_SECRET = `whsec_${Buffer.from('canary-of-the-signature-key').toString('base64')}`

export const members: readonly Member[] = [
  {
    name: 'slack',
    written: (host, port) => ({ url: `http://${host}:${port}/services/T0/B0/canaryOfTheHook?key=canaryOfTheQuery` }),
    secrets: ['canaryOfTheHook', 'canaryOfTheQuery'],
    start: web((response) => response.end('ok'), readSlack, slackFaults),
    refusals: HTTP_REFUSALS,
    overHttp: true,
  },
  {
    name: 'email',
    written: (host, port) => ({
      to: 'oncall@example.org',
      from: 'midwatch@example.org',
      smtp: `smtp://watch:canary-of-the-mailbox@${host}:${port}`,
    }),
    secrets: ['canary-of-the-mailbox'],
    start: mail,
    refusals: [
      [421, 'later'],
      [450, 'later'],
      [452, 'later'],
      [550, 'never'],
      [552, 'never'],
      [554, 'never'],
    ],
    overHttp: false,
  },
  {
    name: 'sms',
    written: (host, port) => ({
      to: ['+15005550001'],
      from: '+15005550006',
      account: `AC${'0'.repeat(32)}`,
      token: 'canary-of-the-account',
      url: `http://${host}:${port}`,
    }),
    secrets: ['canary-of-the-account', '+15005550001'],
    start: web(
      (response) => response.writeHead(201).end('{"sid":"SM1"}'),
      ({ body }) => new URLSearchParams(body).get('Body') ?? '',
      ({ body }) => {
        const text = new URLSearchParams(body).get('Body') ?? ''
        return segmentCount(text) <= 3 ? [] : [`${segmentCount(text)} segments`]
      },
    ),
    refusals: HTTP_REFUSALS,
    overHttp: true,
  },
  {
    name: 'pagerduty',
    written: (host, port) => ({ routing_key: 'canaryOfTheService', url: `http://${host}:${port}/v2/enqueue` }),
    secrets: ['canaryOfTheService'],
    start: web(
      (response) => response.writeHead(202).end('{"status":"success"}'),
      ({ body }) => {
        const event = JSON.parse(body) as { payload: { summary: string; custom_details: Record<string, string> } }
        return [event.payload.summary, ...Object.values(event.payload.custom_details)].join('\n')
      },
      ({ body }) => {
        const { payload } = JSON.parse(body) as { payload: { summary: string } }
        return [
          ...([...payload.summary].length <= 1024 ? [] : ['the summary is too long']),
          ...(Buffer.byteLength(body) <= 512_000 ? [] : ['the event is too long']),
        ]
      },
    ),
    refusals: HTTP_REFUSALS,
    overHttp: true,
  },
  {
    name: 'webhook',
    written: (host, port) => ({
      url: `http://${host}:${port}/hooks/canaryOfTheAddress`,
      secret: WEBHOOK_SECRET,
      bearer_token: 'canary-of-the-bearer',
      headers: { 'X-Api-Key': 'canary-of-the-header', 'X-Source': 'short' },
    }),
    secrets: ['canaryOfTheAddress', WEBHOOK_SECRET, 'canary-of-the-bearer', 'canary-of-the-header'],
    start: web(
      (response) => response.end(),
      ({ body }) => JSON.stringify(JSON.parse(body)),
      () => [],
    ),
    refusals: HTTP_REFUSALS,
    overHttp: true,
  },
]

function web(
  take: (response: Parameters<Answer>[0]) => void,
  read: (taken: Taken) => string,
  faultsOf: (taken: Taken) => readonly string[],
): Member['start'] {
  return async (manner) => {
    const it = await fakeWeb((response, taken) => {
      switch (manner.kind) {
        case 'takes':
          return take(response)
        case 'refuses':
          return void response.writeHead(manner.status, manner.headers).end('no')
        case 'repeats': {
          const login = Buffer.from(taken.headers.authorization?.split(' ')[1] ?? '', 'base64').toString('latin1')
          const said = [taken.path, decodeURIComponent(taken.path), login, JSON.stringify(taken.headers), taken.body]
          // The beginning of an answer is what is shown of it.
          for (const part of said) if (/canary/.test(part) || part.includes('5550001')) return void refuse(part)
          return void refuse(said.join(' '))
        }
        case 'hangs':
          return manner.reached()
        case 'cuts':
          return void response.socket?.destroy()
      }
      function refuse(text: string) {
        response.writeHead((manner as { status: number }).status).end(text)
      }
    })
    return {
      port: it.server.port,
      get messages() {
        return it.taken.map(read)
      },
      faults: () => it.taken.flatMap(faultsOf),
      allClosed: () => it.server.allClosed(),
      [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
    }
  }
}

async function mail(manner: Manner): Promise<OtherSide> {
  const it = await fakeMail({
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (manner.kind !== 'repeats') return done(null, { user: username ?? '' })
      done(Object.assign(new Error(`${username} with ${password} is nobody`), { responseCode: manner.status }))
    },
    onMailFrom(_address, session, done) {
      switch (manner.kind) {
        case 'refuses':
          return done(Object.assign(new Error('no'), { responseCode: manner.status }))
        case 'hangs':
          return manner.reached()
        case 'cuts':
          it.cut(session.remotePort)
          return undefined
        default:
          return done()
      }
    },
  })
  return {
    port: it.port,
    get messages() {
      return it.mails.map(({ subject, text }) => `${subject}\n${text}`)
    },
    faults: () => it.mails.flatMap(({ html }) => ((html || '').length < 300_000 ? [] : ['the page is too long'])),
    allClosed: it.allClosed,
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

interface SlackBody {
  readonly text: string
  readonly attachments: readonly { readonly blocks: readonly { readonly text: { readonly text: string } }[] }[]
}

function readSlack({ body }: Taken): string {
  const { text, attachments } = JSON.parse(body) as SlackBody
  return [text, ...attachments.flatMap(({ blocks }) => blocks.map((block) => block.text.text))].join('\n')
}

function slackFaults({ body }: Taken): readonly string[] {
  const blocks = (JSON.parse(body) as SlackBody).attachments.flatMap((one) => one.blocks)
  const long = blocks.filter(({ text }) => text.text.length > 3000)
  return [...(blocks.length <= 50 ? [] : ['more than 50 blocks']), ...long.map(() => 'a text beyond 3,000 characters')]
}
