const MASK = '***'

/** Keys whose values never leave, whatever they hold. Whole words, so that `tokens_total` and `author` stay. */
const SECRET_KEY =
  /(^|[_\-.])(pass(word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|authorization|cookie|set-cookie|session(id)?|private[_-]?key|credentials?|card(_?number)?|cvv|cvc|ssn|iban)$/i
const CAMEL_SECRET_KEY =
  /(Password|Passwd|Passphrase|Secret|Token|ApiKey|AccessKey|Authorization|Cookie|PrivateKey|CardNumber)$/

const PATTERNS: readonly (readonly [RegExp, string | ((match: string, ...groups: string[]) => string)])[] = [
  [/-----BEGIN [A-Z ]{1,40}-----[\s\S]{0,20000}?-----END [A-Z ]{1,40}-----/g, MASK],
  [/\beyJ[\w-]{5,2000}\.[\w-]{5,4000}\.[\w-]{0,2000}/g, MASK],
  [/\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,200}/g, MASK],
  [/\bgh[pousr]_[A-Za-z0-9]{20,255}/g, MASK],
  [/\bxox[baprs]-[A-Za-z0-9-]{10,200}/g, MASK],
  [/\bmw_[a-z0-9]{1,32}_[A-Za-z0-9_-]{20,100}/g, MASK],
  [/\bAKIA[0-9A-Z]{16}\b/g, MASK],
  [/\b(Bearer|Basic) [A-Za-z0-9+/=._~-]{8,4096}/g, `$1 ${MASK}`],
  [/(:\/\/[^\s:/@]{0,256}):[^\s/@]{1,512}@/g, `$1:${MASK}@`],
  [/https:\/\/hooks\.slack\.com\/[^\s"']{1,300}/g, `https://hooks.slack.com/${MASK}`],
  [/\b([A-Za-z0-9])[A-Za-z0-9._%+-]{0,63}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})\b/g, `$1${MASK}@$2`],
  [/\b\d(?:[ -]?\d){12,18}\b/g, (digits) => (isCardNumber(digits) ? MASK : digits)],
]

const MAX_DEPTH = 32
const MAX_TEXT = 64 * 1024

/**
 * Masks secrets, the local part of e-mail addresses and card numbers inside a text.
 *
 * @param mostCharacters a longer text is cut there: what was not searched must not get out
 */
export function redactText(text: string, mostCharacters = MAX_TEXT): string {
  let result = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text
  for (const [pattern, replacement] of PATTERNS) {
    result =
      typeof replacement === 'string' ? result.replace(pattern, replacement) : result.replace(pattern, replacement)
  }
  return result
}

/** Whether a field of this name is masked whole. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) || CAMEL_SECRET_KEY.test(key)
}

/**
 * A copy of any JSON-like value with secrets masked at any depth: by key name, by pattern inside texts. What can't be
 * JSON (functions, cycles, deeper than 32) is left out.
 */
export function redact(value: unknown): unknown {
  return walk(value, 0, new Set())
}

function walk(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (value === null || typeof value !== 'object') return value
  if (depth >= MAX_DEPTH || above.has(value)) return undefined
  if (value instanceof Date) return value
  if (value instanceof Error)
    return { type: value.name, message: redactText(value.message), stack: redactText(value.stack ?? '') }
  if ('toJSON' in value && typeof value.toJSON === 'function') return walk(value.toJSON(), depth + 1, above)
  above.add(value)
  const copy = Array.isArray(value)
    ? value.map((item) => walk(item, depth + 1, above) ?? null)
    : Object.assign(Object.create(null), redactFields(value, depth, above))
  above.delete(value)
  return copy
}

function redactFields(value: object, depth: number, above: Set<object>): Record<string, unknown> {
  const copy: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) {
    const masked = isSecretKey(key) && item !== null && item !== undefined && typeof item !== 'boolean'
    copy[key] = masked ? MASK : walk(item, depth + 1, above)
  }
  return copy
}

/** Luhn's check over 13 to 19 digits (ISO/IEC 7812-1 annex B). */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  if (digits.length < 13 || digits.length > 19) return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
