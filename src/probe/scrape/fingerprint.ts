import { createHash } from 'node:crypto'
import { Secret } from '../../lib/secret.ts'
import type { ScrapeConfig } from './config.ts'

/** The same for configs that mean the same, secrets included; different for different ones. */
export function fingerprintOf(config: ScrapeConfig): string {
  return createHash('sha256').update(canonical(config)).digest('hex')
}

/** JSON with sorted keys, which shows secrets: `JSON.stringify` would ask them to hide first. */
function canonical(value: unknown): string {
  if (value instanceof Secret) return `secret(${JSON.stringify(value.reveal())})`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'bigint') return `${value}n`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => typeof field !== 'function')
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'undefined'
}
