import { z } from 'zod'
import { show } from '../../lib/show.ts'
import { durationMs, refuse } from '../../probe/fields.ts'

/** Fields that mean the same in every part of Alertmanager's configuration. */

/** A text; what looks like a number, a switch or nothing is one as well, as in Alertmanager's YAML. */
export const text = z.string()

/** A text that may be left empty: `service: ` is `service: ""`. */
export const textOrNothing = z
  .string()
  .nullable()
  .transform((value) => value ?? '')

const SWITCH = /^(?:(y|yes|on|true)|n|no|off|false)$/i

/** YAML 1.1 has more words for a switch than `true` and `false`. */
export const flag = z.string({ error: 'is not a switch; write true or false' }).transform((value, context): boolean => {
  const match = SWITCH.exec(value)
  if (match === null) return refuse(context, `${show(value)} is not a switch; write true or false`)
  return match[1] !== undefined
})

/** What a switch that was accepted says. */
export function isOn(value: string): boolean {
  return SWITCH.exec(value)?.[1] !== undefined
}

/** A duration as Prometheus writes it, zero included. */
export const duration = durationMs

/** @param example of what to write instead of zero */
export function positive(example: string) {
  return durationMs.refine((ms) => ms > 0, { error: `can't be zero; write a duration such as ${example}` })
}

export const wholeNumber = z
  .number({ error: 'is not a number; write a whole number' })
  .refine((value) => Number.isInteger(value) && value >= 0, {
    error: ({ input }) => `${show(input)} is not a whole number; write 0 or more`,
  })

export const labelName = z
  .string({ error: 'is not a label name; write one such as alertname' })
  .min(1, { error: 'is empty; write a label name such as alertname' })

const CLASSIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** A map from names of labels to texts, as the deprecated `match` and `match_re` are. */
export function labelMap(example: string, value: z.ZodType<string>) {
  return z
    .record(z.string(), value, { error: `is not a map of labels; write ${example}` })
    .superRefine((record, context) => {
      for (const name of Object.keys(record)) {
        if (CLASSIC_NAME.test(name)) continue
        const message = `${show(name)} is not a label name; write letters, digits and underscores, not beginning with a digit`
        context.addIssue({ code: 'custom', message, path: [name], input: undefined })
      }
    })
}

/** A key of Alertmanager's that midwatch can't do: whatever stands there is refused, an empty list excepted. */
export function refused(why: string) {
  return z
    .unknown()
    .optional()
    .superRefine((value, context) => {
      if (value === undefined || (Array.isArray(value) && value.length === 0)) return
      context.addIssue({ code: 'custom', message: why, input: undefined })
    })
}

/** A key that is taken, so that a file need not be changed, and changes nothing here. */
export const ignored = z.unknown().optional()

/** The same for several keys. */
export function eachRefused(instead: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(instead).map(([key, why]) => [key, refused(why)]))
}

export function eachIgnored(keys: readonly string[]) {
  return Object.fromEntries(keys.map((key) => [key, ignored]))
}
