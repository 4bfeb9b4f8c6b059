import { BlockList, isIP } from 'node:net'
import { Cron } from 'croner'
import { z } from 'zod'
import { show } from '../lib/show.ts'
import { durationMs, refuse, url } from '../probe/fields.ts'
import type { AddressRanges, Listen } from './config.ts'

/** Fields that mean the same wherever they stand in the config. */

/** Names of checks and tokens stand in addresses, so they keep to what needs no escaping there. */
export const name = z
  .string({ error: 'is not a name; write letters, digits, dots, hyphens and underscores, such as web-shop' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    error: ({ input }) => `${show(input)} can't stand in an address; write ${show(asName(String(input)))}`,
  })

/** The nearest text that is a name. */
export function asName(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
  return plain === '' ? 'web-shop' : plain
}

/** A duration that may not be nothing. */
export const positiveMs = durationMs.refine((ms) => ms > 0, { error: 'is zero; write a duration such as 30s' })

const WEB = ['http:', 'https:']

/** A page for people. */
export const pageUrl = url(WEB, 'https://wiki.example.org/shop', 'the address without them').transform(
  ({ href }) => href,
)

/** The address of midwatch itself, for links: no query, no fragment, no slash at its end. */
export const externalUrl = url(WEB, 'https://watch.example.org', 'the address without them').transform(
  (parsed, context) => {
    if (parsed.search !== '' || parsed.hash !== '') {
      return refuse(context, `${show(parsed.href)} has a ? or # part; write ${parsed.origin}${parsed.pathname}`)
    }
    return parsed.href.replace(/\/+$/, '')
  },
)

/** `host:port`, `[::1]:8420`, or `:8420` for every address of the machine. */
export const listen = z
  .string({ error: 'is not an address; write host:port, such as 127.0.0.1:8420' })
  .transform((text, context): Listen => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text)
    const port = Number(match?.[3])
    const [, bracketed, plain] = match ?? []
    if (bracketed !== undefined && isIP(bracketed) !== 6) {
      return refuse(context, `${show(text)} has no IPv6 address in its brackets; write [::1]:8420`)
    }
    if (match === null || port > 65_535) {
      return refuse(context, `${show(text)} is not an address to listen on; write ${listenHint(text)}`)
    }
    const host = bracketed ?? plain
    return { host: host === '' ? undefined : host, port }
  })

function listenHint(text: string): string {
  const [, host, port] = /^(.*):(\d+)$/.exec(text) ?? []
  if (host !== undefined && Number(port) > 65_535) return `a port from 0 to 65535, such as ${host}:8420`
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return `:${text} for every address, or 127.0.0.1:${text}`
  if (isIP(text) === 6) return `[${text}]:8420`
  if (/^[A-Za-z0-9.-]+$/.test(text)) return `${text}:8420`
  return 'host:port, such as 127.0.0.1:8420, [::1]:8420 or :8420 for every address'
}

/** IP addresses and CIDR ranges. */
export const addressRanges = z
  .array(
    z.string({ error: 'is not an address range; write 10.0.0.0/8' }).refine((text) => parseRange(text) !== undefined, {
      error: ({ input }) => `${show(input)} is not an address range; write 10.0.0.0/8, fd00::/8 or a single address`,
    }),
    { error: 'is not a list; write address ranges such as [10.0.0.0/8]' },
  )
  .transform((texts): AddressRanges => {
    const list = new BlockList()
    for (const text of texts) {
      const range = parseRange(text)
      if (range !== undefined) list.addSubnet(range.address, range.bits, range.family)
    }
    const includes = (address: string) => {
      const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
      const version = isIP(plain)
      return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4')
    }
    return { texts, includes }
  })

function parseRange(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bitsText, ...rest] = text.split('/')
  const version = isIP(address)
  const most = version === 6 ? 128 : 32
  if (version === 0 || rest.length > 0 || address.includes('%')) return undefined
  if (bitsText !== undefined && (!/^\d{1,3}$/.test(bitsText) || Number(bitsText) > most)) return undefined
  return { address, bits: bitsText === undefined ? most : Number(bitsText), family: version === 6 ? 'ipv6' : 'ipv4' }
}

/** What both of our schedulers understand in the same way: numbers, names, lists, ranges, steps. */
const CRON_FIELD = /^(?:\*|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:\/\d{1,2})?$/

/** Five cron fields, or six with seconds first, that come true at some time. */
export const cron = z
  .string({ error: 'is not a cron line; write five fields such as "0 3 * * *"' })
  .transform((text, context): string => {
    const fields = text.trim().split(/\s+/)
    const line = fields.join(' ')
    const wrong = fields.find((field) => !field.split(',').every((part) => CRON_FIELD.test(part)))
    if (fields.length !== 5 && fields.length !== 6) {
      const count = text.trim() === '' ? 0 : fields.length
      return refuse(
        context,
        `${show(text)} has ${count} fields; write five (minute first) or six (second first), such as "0 3 * * *"`,
      )
    }
    if (wrong !== undefined) {
      return refuse(
        context,
        `${show(text)} has the field ${show(wrong)}; write numbers, *, lists, ranges and steps, such as "*/5 8-18 * * MON-FRI"`,
      )
    }
    try {
      const next = new Cron(line, { mode: '5-or-6-parts', paused: true }).nextRun()
      if (next === null) return refuse(context, `${show(text)} never comes; write a date that exists`)
    } catch (error) {
      const why = (error as Error).message.replace(/^CronPattern: /, '').replace(/\.$/, '')
      return refuse(context, `${show(text)} is not a cron line: ${why}; write one such as "0 3 * * *"`)
    }
    return line
  })

export const timezone = z
  .string({ error: 'is not a time zone; write one such as Europe/Berlin' })
  .refine(isTimezone, { error: ({ input }) => `${show(input)} is not a time zone; write one such as Europe/Berlin` })

/** Whether it is an IANA name. */
export function isTimezone(text: string): boolean {
  // Offsets such as +02:00 are taken by Intl, yet know nothing of daylight saving.
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

const RESERVED_LABELS = new Set(['job', 'instance', 'check'])

/** Labels that the operator adds; midwatch sets some itself. */
export const labels = z.record(
  z.string().check(({ value, issues }) => {
    const why = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)
      ? `is not a label name; write letters, digits and underscores, such as ${show(asLabelName(value))}`
      : RESERVED_LABELS.has(value) || value.startsWith('__')
        ? `is a label that midwatch sets itself; write another name, such as ${show(`my_${value.replace(/^_+/, '')}`)}`
        : undefined
    if (why !== undefined) issues.push({ code: 'custom', message: why, input: value })
  }),
  z.string({ error: 'is not a label value; write a text' }),
  { error: 'is not a map of labels; write {team: shop}' },
)

function asLabelName(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_')
  return plain.replace(/^_+/, '') === '' ? 'team' : plain
}

/** A whole number from `least` to `most`. */
export function count(least: number, most: number) {
  return z.number().refine((value) => Number.isInteger(value) && value >= least && value <= most, {
    error: ({ input }) => `${show(input)} is out of range; write a whole number from ${least} to ${most}`,
  })
}

export function flag(fallback: boolean) {
  return z.boolean().default(fallback)
}
