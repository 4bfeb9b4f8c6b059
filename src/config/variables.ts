const REFERENCE = /\$\$|\$\{(?:([A-Za-z_]\w*)(?::-([^}\n]*))?\})?/g
const MASKED_BASE = 0xe000
const MASKED = /[\ue000-\ue07f]/g

/** What a text became. */
export interface Expansion {
  readonly text: string
  /** What is wrong with it and what to write instead. */
  readonly faults: readonly string[]
  /** The variables whose values are in the text now, with those values. */
  readonly used: ReadonlyMap<string, string>
}

/**
 * Puts variables into a text: `${NAME}`, `${NAME:-default}` (also taken where the variable is empty), `$$` for a plain `$`.
 */
export function expand(source: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const faults: string[] = []
  const used = new Map<string, string>()
  const text = source.replace(REFERENCE, (reference: string, name?: string, fallback?: string) => {
    if (reference === '$$') return '$'
    if (name === undefined) {
      faults.push(`has a \${ that begins no variable; write \${NAME} or \${NAME:-default}, or $\${ for a plain \${`)
      return reference
    }
    if (fallback?.includes('${')) {
      faults.push(`the default of \${${name}} holds another variable; write a plain text there`)
      return reference
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value !== undefined && (value !== '' || fallback === undefined)) {
      used.set(name, value)
      return value
    }
    if (fallback !== undefined) return fallback
    faults.push(`the variable ${name} is not set; set it or give a default: \${${name}:-…}`)
    return reference
  })
  return { text, faults, used }
}

/**
 * Takes the signs that mean something to YAML out of `${…}`, so that `{ slack: ${URL} }` reads as it looks; every
 * character stays in its place. `unmask` brings them back.
 */
export function mask(text: string): string {
  return text.replace(REFERENCE, (reference, name?: string) =>
    name === undefined
      ? reference
      : reference.replace(/[\x21-\x7e ]/g, (sign) => String.fromCharCode(MASKED_BASE + sign.charCodeAt(0))),
  )
}

export function unmask(text: string): string {
  return text.replace(MASKED, (sign) => String.fromCharCode(sign.charCodeAt(0) - MASKED_BASE))
}
