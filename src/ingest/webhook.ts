import { DEEPEST_ATTRIBUTES } from './audit-record.ts'
import { isDeeperThan } from './depth.ts'
import { show } from './fault.ts'

/** A webhook as it is kept. */
export interface ReceivedWebhook {
  readonly eventType: string
  /** For the audit record. */
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Headers that say what an event is and which one; nothing that proves who sent it. */
const KEPT_HEADERS = [
  'content-type',
  'user-agent',
  'x-event-type',
  'x-event-id',
  'x-event-key',
  'x-request-id',
  'x-github-event',
  'x-github-delivery',
  'x-gitlab-event',
  'x-gitlab-event-uuid',
  'x-gitea-event',
  'x-gitea-delivery',
  'ce-type',
  'ce-id',
  'ce-source',
  'idempotency-key',
]
/** In the order in which they are asked. */
const TYPE_HEADERS = ['x-event-type', 'x-github-event', 'x-gitlab-event', 'x-gitea-event', 'x-event-key', 'ce-type']

const SOURCE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const LONGEST_TYPE = 64
const LONGEST_HEADER = 256
/** The body stands one level inside the attributes of a record, and nothing of it may be lost. */
const DEEPEST_BODY = DEEPEST_ATTRIBUTES - 1

/** Why a text can't name who sends webhooks; undefined when it can. */
export function faultOfSource(source: string): string | undefined {
  if (SOURCE.test(source)) return undefined
  return `${show(source)} can't name a source; write up to 64 letters, digits, dots, hyphens and underscores`
}

/** What arrived can't be kept; the message says why. */
export interface Unreadable {
  readonly unreadable: string
}

/** Reads an event of whatever form: JSON and forms become fields, so that secrets in them can be masked by name. */
export function readWebhook(
  method: string,
  headerOf: (name: string) => string | undefined,
  text: string,
): ReceivedWebhook | Unreadable {
  const contentType = headerOf('content-type')?.toLowerCase() ?? ''
  const body = readBody(text, contentType)
  if ('unreadable' in body) return body
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = headerOf(name)
    if (value !== undefined) headers[name] = value.slice(0, LONGEST_HEADER)
  }
  return {
    eventType: typeOf(headerOf, body.value),
    attributes: { method, headers, body: body.value, size_bytes: Buffer.byteLength(text) },
  }
}

function readBody(text: string, contentType: string): { readonly value: unknown } | Unreadable {
  if (text.trim() === '') return { value: null }
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return { value: Object.fromEntries(new URLSearchParams(text)) }
  }
  try {
    const value: unknown = JSON.parse(text)
    if (isDeeperThan(value, DEEPEST_BODY)) {
      return { unreadable: `the body is nested deeper than ${DEEPEST_BODY} levels` }
    }
    return { value }
  } catch (error) {
    const claimsJson = /^application\/(?:[\w.+-]+\+)?json\b/.test(contentType)
    return claimsJson ? { unreadable: `the body is not JSON: ${(error as Error).message}` } : { value: text }
  }
}

function typeOf(headerOf: (name: string) => string | undefined, body: unknown): string {
  for (const name of TYPE_HEADERS) {
    const type = asType(headerOf(name))
    if (type !== undefined) return type
  }
  const isRecord = typeof body === 'object' && body !== null && Object.hasOwn(body, 'type')
  return (isRecord ? asType((body as { type: unknown }).type) : undefined) ?? 'unknown'
}

function asType(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const plain = value
    .trim()
    .slice(0, LONGEST_TYPE)
    .replace(/[^A-Za-z0-9._:/ -]/g, '_')
  return plain === '' ? undefined : plain
}

const MOST_SOURCES = 100
const MOST_TYPES = 100

/**
 * Keeps the labels of `webhook_received_total` to a sane number: who sends may invent event types without end, and beyond the
 * limit they are counted as `other`.
 */
export class WebhookLabels {
  readonly #typesBySource = new Map<string, Set<string>>()

  of(source: string, eventType: string): { readonly source: string; readonly event_type: string } {
    const types = this.#typesBySource.get(source) ?? this.#newSource(source)
    if (types === undefined) return { source: 'other', event_type: 'other' }
    if (!types.has(eventType) && types.size >= MOST_TYPES) return { source, event_type: 'other' }
    types.add(eventType)
    return { source, event_type: eventType }
  }

  #newSource(source: string): Set<string> | undefined {
    if (this.#typesBySource.size >= MOST_SOURCES) return undefined
    const types = new Set<string>()
    this.#typesBySource.set(source, types)
    return types
  }
}
