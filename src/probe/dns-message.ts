import { UnexpectedAnswerError } from './socket-error.ts'

/** Types that can be asked for, by their numbers. */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  DS: 43,
  DNSKEY: 48,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  CAA: 257,
} as const

export type RecordType = keyof typeof recordTypes

/** Response codes by their numbers (IANA's registry; those that servers answer to a plain question). */
export const responseCodes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
] as const

export interface DnsQuestion {
  /** 0 to 65535; the answer has to carry the same. */
  readonly id: number
  /** Without the dot at the end; ASCII. */
  readonly name: string
  readonly type: RecordType
}

export interface DnsRecord {
  readonly name: string
  /** `A`, or `TYPE65534` for one without a name here. */
  readonly type: string
  readonly ttlSeconds: number
  /** As in a zone file, but texts without quotes: `10 mail.example.org.`, `v=spf1 -all`. */
  readonly value: string
  /** Of SOA records only. */
  readonly serial?: number
}

export interface DnsAnswer {
  readonly id: number
  /** The answer did not fit; it has to be asked for over TCP. */
  readonly isTruncated: boolean
  /** `NOERROR`, or `RCODE15` for one without a name here. */
  readonly code: string
  readonly answers: readonly DnsRecord[]
  /** How many records the other sections have; they are read, so that the counts are not only claimed. */
  readonly authorityCount: number
  readonly additionalCount: number
}

const HEADER_BYTES = 12
const INTERNET = 1
const LONGEST_NAME = 255
const LONGEST_LABEL = 63

/** @see https://www.rfc-editor.org/rfc/rfc1035 section 4 */
export function encodeQuestion({ id, name, type }: DnsQuestion): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  // Recursion desired; nothing else.
  header.writeUInt16BE(0x0100, 2)
  header.writeUInt16BE(1, 4)
  const end = Buffer.alloc(4)
  end.writeUInt16BE(recordTypes[type], 0)
  end.writeUInt16BE(INTERNET, 2)
  return Buffer.concat([header, encodeName(name), end])
}

/** Whether a name can be asked for: labels of 1 to 63 characters, 253 in all. */
export function isDnsName(name: string): boolean {
  const labels = name.split('.')
  return name.length <= LONGEST_NAME - 2 && labels.every((label) => label !== '' && label.length <= LONGEST_LABEL)
}

function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.').map((label) => Buffer.from(label, 'latin1'))
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])])
}

/**
 * Reads an answer to `question`.
 *
 * @returns undefined when the message answers something else: a late answer, or one that somebody has made up
 * @throws UnexpectedAnswerError when it is no DNS message
 */
export function decodeAnswer(message: Buffer, question: DnsQuestion): DnsAnswer | undefined {
  const reader = new Reader(message)
  const [id, flags, questionCount, answerCount, authorityCount, additionalCount] = Array.from({ length: 6 }, () =>
    reader.number(2),
  ) as [number, number, number, number, number, number]
  const isAnswer = (flags & 0x8000) !== 0
  if (!isAnswer || id !== question.id) return undefined
  const isTruncated = (flags & 0x0200) !== 0
  const code = responseCodes[flags & 0xf] ?? `RCODE${flags & 0xf}`
  // A server that could not read the question need not repeat it.
  if (questionCount > 1 || (questionCount === 0 && code === 'NOERROR')) throw garbage('it has not one question')
  if (questionCount === 1) {
    const name = reader.name()
    const type = reader.number(2)
    reader.number(2)
    const isSame = name.toLowerCase() === `${question.name.toLowerCase()}.`
    if (!isSame || type !== recordTypes[question.type]) return undefined
  }
  // What is cut off may be cut anywhere.
  if (isTruncated) return { id, isTruncated, code, answers: [], authorityCount: 0, additionalCount: 0 }
  const answers = Array.from({ length: answerCount }, () => readRecord(reader))
  for (let i = 0; i < authorityCount + additionalCount; i++) readRecord(reader)
  return { id, isTruncated, code, answers, authorityCount, additionalCount }
}

const TYPE_NAMES = new Map<number, string>(Object.entries(recordTypes).map(([name, number]) => [number, name]))

function readRecord(reader: Reader): DnsRecord {
  const name = reader.name()
  const typeNumber = reader.number(2)
  reader.number(2)
  const ttlSeconds = reader.number(4)
  const data = reader.section(reader.number(2))
  const type = TYPE_NAMES.get(typeNumber) ?? `TYPE${typeNumber}`
  const { value, serial } = readData(type, data)
  return { name, type, ttlSeconds, value, ...(serial === undefined ? {} : { serial }) }
}

function readData(type: string, data: Reader): { value: string; serial?: number } {
  switch (type) {
    case 'A':
      return { value: [...data.bytes(4)].join('.') }
    case 'AAAA':
      return { value: formatIpv6(data.bytes(16)) }
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return { value: data.name() }
    case 'MX':
      return { value: `${data.number(2)} ${data.name()}` }
    case 'SRV':
      return { value: `${data.number(2)} ${data.number(2)} ${data.number(2)} ${data.name()}` }
    case 'SOA': {
      const names = `${data.name()} ${data.name()}`
      const serial = data.number(4)
      const times = [data.number(4), data.number(4), data.number(4), data.number(4)]
      return { value: `${names} ${serial} ${times.join(' ')}`, serial }
    }
    case 'TXT': {
      let text = ''
      while (data.left > 0) text += data.bytes(data.number(1)).toString('utf8')
      return { value: text }
    }
    case 'CAA': {
      const flags = data.number(1)
      const tag = data.bytes(data.number(1)).toString('latin1')
      return { value: `${flags} ${tag} "${data.bytes(data.left).toString('utf8')}"` }
    }
    default: {
      // RFC 3597 section 5: any data can be written like this.
      const bytes = data.bytes(data.left)
      return { value: `\\# ${bytes.length} ${bytes.toString('hex')}`.trimEnd() }
    }
  }
}

/** RFC 5952: the first longest run of at least two zero groups becomes `::`. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2))
  let [start, length] = [0, 0]
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) [start, length] = [i, end - i]
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** Reads a message from front to back and never beyond its end. */
class Reader {
  readonly #message: Buffer
  readonly #end: number
  #at: number

  constructor(message: Buffer, at = 0, end = message.length) {
    this.#message = message
    this.#at = at
    this.#end = end
  }

  get left(): number {
    return this.#end - this.#at
  }

  number(length: 1 | 2 | 4): number {
    return this.#message.readUIntBE(this.#advance(length), length)
  }

  bytes(length: number): Buffer {
    const from = this.#advance(length)
    return this.#message.subarray(from, from + length)
  }

  /** The next bytes on their own; names in them may still point back into the message. */
  section(length: number): Reader {
    const from = this.#advance(length)
    return new Reader(this.#message, from, from + length)
  }

  /** A name with its dot at the end. A pointer has to point before all that was read of the name, so it comes to an end. */
  name(): string {
    let text = ''
    let at = this.#at
    let end = this.#end
    let earliest = this.#at
    let isHere = true
    for (;;) {
      if (at >= end) throw garbage('a name does not end')
      const length = this.#message[at] as number
      if (length >= 0xc0) {
        if (at + 1 >= end) throw garbage('a name does not end')
        const pointer = this.#message.readUInt16BE(at) & 0x3fff
        if (isHere) this.#at = at + 2
        if (pointer >= earliest) throw garbage('a name points forward')
        at = pointer
        earliest = pointer
        end = this.#message.length
        isHere = false
        continue
      }
      if (length > LONGEST_LABEL) throw garbage('a name has a part of a kind that is not known')
      if (length === 0) {
        if (isHere) this.#at = at + 1
        return text === '' ? '.' : text
      }
      if (at + 1 + length > end) throw garbage('a name does not end')
      text += `${escapeLabel(this.#message.subarray(at + 1, at + 1 + length))}.`
      if (text.length > LONGEST_NAME * 4) throw garbage('a name is too long')
      at += 1 + length
    }
  }

  #advance(length: number): number {
    const from = this.#at
    if (from + length > this.#end) throw garbage('it ends too early')
    this.#at = from + length
    return from
  }
}

/** Characters that mean something in a zone file, and those that can't be seen, as `\.` and `\009`. */
function escapeLabel(label: Buffer): string {
  let text = ''
  for (const byte of label) {
    const character = String.fromCharCode(byte)
    if (byte <= 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`
    else text += '.\\"();@$'.includes(character) ? `\\${character}` : character
  }
  return text
}

function garbage(what: string): UnexpectedAnswerError {
  return new UnexpectedAnswerError('protocol', `the answer is no DNS message: ${what}`)
}
