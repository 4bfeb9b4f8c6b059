import { isIP } from 'node:net'
import { isPrintable } from '../lib/go-quote.ts'

/** Letters whose capital at the start of a word is not their upper case. */
const TITLE: Readonly<Record<string, string>> = {
  Ǆ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǳ: 'ǲ',
}

/** Upper case letter by letter as in Go: `ß` stays, since it has no single upper case letter. */
export function toUpper(text: string): string {
  return Array.from(text, upper).join('')
}

/** Lower case letter by letter, whatever stands around it. */
export function toLower(text: string): string {
  return Array.from(text, (letter) => String.fromCodePoint(letter.toLowerCase().codePointAt(0) as number)).join('')
}

/** The first letter of each word as a capital, the rest as it is: `hello wORLD` is `Hello WORLD`. */
export function title(text: string): string {
  let startsWord = true
  return Array.from(text, (letter) => {
    const result = startsWord ? (TITLE[letter] ?? upper(letter)) : letter
    startsWord = /^[\x00-\x7f]$/.test(letter) ? !/[A-Za-z0-9_]/.test(letter) : isSeparator(letter)
    return result
  }).join('')
}

function upper(letter: string): string {
  const result = letter.toUpperCase()
  return [...result].length === 1 ? result : letter
}

function isSeparator(letter: string): boolean {
  return !/[\p{L}\p{Nd}]/u.test(letter) && /[\s\x85]/u.test(letter)
}

/** `foo.example.com:12345` is `foo.example.com`; what is no host and port stays. */
export function stripPort(address: string): string {
  return splitHostPort(address)?.host ?? address
}

/** `foo.example.com:12345` is `foo:12345`; IP addresses stay. */
export function stripDomain(address: string): string {
  const { host, port } = splitHostPort(address) ?? { host: address, port: '' }
  if (isIP(host) !== 0 && !host.includes('%')) return address
  const short = host.split('.', 1)[0] as string
  if (port === '') return short
  return short.includes(':') || short.includes('%') ? `[${short}]:${port}` : `${short}:${port}`
}

function splitHostPort(address: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(address)
  return match === null ? undefined : { host: (match[1] ?? match[2]) as string, port: match[3] as string }
}

/** As Go's `url.QueryEscape`: a space is `+`, only letters, digits and `-_.~` stay. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

const HTML: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}

export function escapeHtml(text: string): string {
  return text.replace(/["'&<>\0]/g, (character) => HTML[character] as string)
}

/** For use inside of quotes in JavaScript. */
export function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f]|[^\x00-\x7f]/gu, (character) => {
    if (character === '\\' || character === "'" || character === '"') return `\\${character}`
    if (character > '\x7f' && isPrintable(character)) return character
    const code = character.codePointAt(0) as number
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
}

/** Orders text by its UTF-8 bytes, as Go does. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
