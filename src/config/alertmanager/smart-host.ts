import { z } from 'zod'
import { show } from '../../lib/show.ts'
import { refuse } from '../../probe/fields.ts'

/** Where mail is handed in. */
export interface SmartHost {
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

const EXAMPLE = 'mail.example.org:587'
const HOST_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([A-Za-z0-9-]+)$/
/** Names of ports that people write. */
const SERVICES: Readonly<Record<string, number>> = { smtp: 25, smtps: 465, submission: 587, submissions: 465 }

/** `mail.example.org:587` */
export const hostPort = z
  .string({ error: `is not a mail server; write ${EXAMPLE}` })
  .transform((text, context): SmartHost => {
    const [, bracketed, plain = '', written = ''] = HOST_PORT.exec(text) ?? []
    const host = bracketed ?? plain
    const port = SERVICES[written] ?? (/^\d{1,5}$/.test(written) ? Number(written) : 0)
    if (host !== '' && port >= 1 && port <= 65_535) return { host, port }
    return refuse(context, `${show(text)} is not a mail server with its port; write ${EXAMPLE}`)
  })
