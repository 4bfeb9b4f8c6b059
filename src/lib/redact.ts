const MASK = '***'

const SECRET_WORD =
  'pass(?:word|wd|phrase|code)?|pwd|secret|token|(?:api|access|secret|private|signing|encryption)[_-]?key|authorization|bearer|jwt|(?:set-)?cookie|session(?:[_-]?id)?|credentials?|card(?:[_-]?(?:number|no))?|cvv2?|cvc2?|otp|totp|ssn|iban'
/** What is one whatever stands before it: `PGPASSWORD`. */
const PASSWORD = 'passw(?:or)?d|passphrase'
/** What people put behind the word: `password_confirmation`, `password2`, `token_value`. */
const SECRET_TAIL = '(?:[_-]?(?:hash|confirm(?:ation)?|again|old|new|value|text|[0-9]))?'

/** Keys whose values never leave, whatever they hold. Whole words, so that `tokens_total` and `author` stay. */
const SECRET_KEY = new RegExp(`(?:(?:^|[_\\-. ])(?:${SECRET_WORD})|${PASSWORD})${SECRET_TAIL}$`, 'i')
const CAMEL_SECRET_KEY =
  /(?:Pass(?:word|wd|phrase|code)|Pwd|Secret|Token|(?:Api|Access|Secret|Private|Signing|Encryption)Key|Authorization|Bearer|Jwt|Cookie|SessionId|Credentials?|Card|Card(?:Number|No)|Cvv|Cvc|Otp|Ssn|Iban)(?:Hash|Confirm(?:ation)?|Again|Old|New|Value|Text|[0-9])?$/

/** A card number stands between what is no letter or digit, and is no part of a decimal fraction. */
const DIGITS = /(?<![\p{L}\p{N}]|\d\.)\d(?:[ \u00a0\u2009\u202f\u2010-\u2013-]?\d){12,40}(?![\p{L}\p{N}])/gu

const MAIL =
  /(?<![\p{L}\p{N}._%+-])([\p{L}\p{N}])[\p{L}\p{N}._%+'-]{0,127}(@|%40)([\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8})(?![\p{L}\p{N}])/gu

type Replacement = string | ((match: string) => string)

/** What is masked: most texts lack the sign without which a pattern can't match, and looking for that costs little. */
const PATTERNS: readonly (readonly [sign: string, pattern: RegExp, replacement: Replacement])[] = [
  ['-----BEGIN', /-----BEGIN [A-Z ]{1,40}-----[\s\S]{0,20000}?(?:-----END [A-Z ]{1,40}-----|$)/g, MASK],
  // Nothing before it that may belong to it, so that every place is looked at once, however long it is.
  ['eyJ', /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, MASK],
  ['k', /\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,200}/g, MASK],
  ['gh', /\bgh[pousr]_[A-Za-z0-9]{20,255}/g, MASK],
  ['github_pat_', /\bgithub_pat_[A-Za-z0-9_]{20,255}/g, MASK],
  ['glpat-', /\bglpat-[A-Za-z0-9_-]{16,200}/g, MASK],
  ['xox', /\bxox[a-z]-[A-Za-z0-9-]{10,200}/g, MASK],
  ['mw_', /\bmw_[a-z0-9]{1,32}_[A-Za-z0-9_-]{20,100}/g, MASK],
  ['IA', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, MASK],
  ['Bearer', /\b(Bearer) +[A-Za-z0-9+/=._~-]{8,}/g, `$1 ${MASK}`],
  // With a capital, a digit or a sign of its own: "basic authentication" is no secret.
  [' ', /\b(bearer|BEARER|[Bb]asic|BASIC) +(?=[a-z._-]*[A-Z0-9+/=~])[A-Za-z0-9+/=._~-]{8,}/g, `$1 ${MASK}`],
  // The last @ ends a password; what begins like a port and goes on as a path is none.
  ['://', /(:\/\/[^\s:/@]{0,256}):(?!\d{1,5}(?:[/?#]|$))[^\s"'<>]{1,512}@/g, `$1:${MASK}@`],
  ['hooks.slack.com', /https:\/\/hooks\.slack\.com\/[^\s"']{1,300}/g, `https://hooks.slack.com/${MASK}`],
  [
    '=',
    new RegExp(
      `((?:(?:^|[^\\p{L}\\p{N}])(?:${SECRET_WORD})|${PASSWORD})${SECRET_TAIL}=)("[^"]{1,2000}"|'[^']{1,2000}'|[^\\s"'&;,<>)}\\]]{1,4096})`,
      'giu',
    ),
    `$1${MASK}`,
  ],
  [
    '"',
    new RegExp(
      `("(?:(?:[\\w. -]{0,64}[_\\-. ])?(?:${SECRET_WORD})|\\w{0,64}(?:${PASSWORD}))${SECRET_TAIL}\\\\?"\\s{0,4}:\\s{0,4})(?:\\\\?"(?:[^"\\\\]|\\\\[^"]){1,4096}\\\\?"|\\d[\\d.]{0,40})`,
      'gi',
    ),
    `$1"${MASK}"`,
  ],
  ['@', MAIL, `$1${MASK}$2$3`],
  ['%40', MAIL, `$1${MASK}$2$3`],
  ['', DIGITS, maskCards],
]

/** Names of fields are mostly words; people's addresses and numbers as names have these. */
const MAY_HOLD_SECRET = /[@%:=]|\d{4}|.{40}/s

/** The signs of the patterns that match less than a card number is long. */
const SIGN_OF_SHORT = /[=@%":]/
const SHORTEST_UNSIGNED = 13

const MAX_DEPTH = 32
const MAX_TEXT = 64 * 1024

/**
 * Masks secrets, the local part of e-mail addresses and card numbers inside a text.
 *
 * @param mostCharacters a longer text is cut there: what was not searched must not get out
 */
export function redactText(text: string, mostCharacters = MAX_TEXT): string {
  let result = text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text
  // The shortest of all is a@b.c; what has none of these signs is no secret below the length of a card number.
  if (result.length < 5 || (result.length < SHORTEST_UNSIGNED && !SIGN_OF_SHORT.test(result))) return result
  for (const [sign, pattern, replacement] of PATTERNS) {
    if (!result.includes(sign)) continue
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
  if (typeof value === 'number') return value >= 1e13 && isCardNumber(String(value)) ? MASK : value
  if (typeof value === 'bigint') return redactText(value.toString())
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
    const { isSecret, shown } = judgeKey(key)
    const masked = isSecret && item !== null && item !== undefined && typeof item !== 'boolean'
    copy[shown] = masked ? MASK : walk(item, depth + 1, above)
  }
  return copy
}

interface JudgedKey {
  readonly isSecret: boolean
  /** The name with what is secret in itself masked. */
  readonly shown: string
}

/** Names of fields are few and come again and again; the patterns cost more than looking a name up. */
const judgedKeys = new Map<string, JudgedKey>()
const MOST_JUDGED_KEYS = 500
const LONGEST_JUDGED_KEY = 64

function judgeKey(key: string): JudgedKey {
  const known = judgedKeys.get(key)
  if (known !== undefined) return known
  const judged = { isSecret: isSecretKey(key), shown: MAY_HOLD_SECRET.test(key) ? redactText(key) : key }
  if (key.length > LONGEST_JUDGED_KEY) return judged
  if (judgedKeys.size >= MOST_JUDGED_KEYS) judgedKeys.clear()
  judgedKeys.set(key, judged)
  return judged
}

/** Masks what is a card number among groups of digits: an expiry date or a security code may stand beside it. */
function maskCards(run: string): string {
  const groups = [...run.matchAll(/\d+/g)]
  let masked = ''
  let doneTo = 0
  for (let first = 0; first < groups.length; first++) {
    const last = lastGroupOfCard(groups, first)
    const start = groups[first]?.index ?? 0
    if (last === undefined || start < doneTo) continue
    const end = groups[last] as RegExpExecArray
    masked += `${run.slice(doneTo, start)}${MASK}`
    doneTo = end.index + end[0].length
  }
  return masked + run.slice(doneTo)
}

/** The longest row of groups from `first` on that is a card number. */
function lastGroupOfCard(groups: readonly RegExpExecArray[], first: number): number | undefined {
  let digits = ''
  let found: number | undefined
  for (let last = first; last < groups.length && digits.length <= 19; last++) {
    digits += groups[last]?.[0]
    if (isCardNumber(digits)) found = last
  }
  return found
}

/**
 * Luhn's check over 13 to 19 digits (ISO/IEC 7812-1 annex B). Cards that people pay with begin with 2 to 6; times in
 * milliseconds, which are as long, with 1.
 */
function isCardNumber(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || !/^[2-6]/.test(digits)) return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
