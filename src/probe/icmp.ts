import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { formatDuration } from '../model/duration.ts'
import { degraded, down, type ProbeMetric, unknown, up } from '../model/finding.ts'
import { durationMs, ipProtocol, refuse } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { type ProgramResult, runProgram } from './run-program.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { blackbox, blackboxIp, latencyDifference } from './stand-in.ts'

const config = z.strictObject({
  icmp: z
    .string({ error: 'is not a host; write one such as router.internal' })
    .transform((host, context) => {
      const bare = host.replace(/^\[(.*)\]$/, '$1')
      if (isIPv6(bare)) return bare
      // A name that begins with a hyphen would be an option to somebody.
      if (/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(bare)) return bare
      return refuse(
        context,
        `${JSON.stringify(host)} is not a host; write a name or an address, such as router.internal`,
      )
    })
    .describe('The host: a name or an address.'),
  ip_protocol: ipProtocol.optional(),
  expect: z
    .strictObject({
      latency: durationMs.optional().describe('How long the reply may take; beyond it the check is degraded.'),
    })
    .default({}),
})

const PHASES = ['resolve', 'setup', 'rtt'] as const

/** The reply as iputils, busybox and the BSDs print it. */
const REPLY = /(?:ttl|hlim)=(\d+) time[=<]([\d.]+) ?ms/
/** What somebody on the way says instead. */
const REFUSAL = /^From (\S+).*?((?:Destination|Network|Host|Port|Packet|Time to live|No route|Communication)[^\n]*)/m

/**
 * Up when the host answers one echo request.
 *
 * The system's `ping` sends it, since a socket of that kind is out of reach for Node. The address is looked up here, so
 * that the policy holds and `ping` has nothing to resolve.
 */
export const icmp = defineProbe({
  key: 'icmp',
  summary: 'Up when the host answers an ICMP echo request; the program ping of the system sends it.',
  config,
  example: { icmp: 'router.internal' },
  metrics: {
    ...lookupMetrics,
    probe_icmp_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_icmp_reply_hop_limit: { help: 'Hop limit (time to live) of the reply.' },
  },
  instance: ({ icmp }) => icmp,
  standIn: ({ icmp, ip_protocol, expect }) =>
    blackbox({ prober: 'icmp', icmp: { preferred_ip_protocol: blackboxIp(ip_protocol) } }, icmp, [
      latencyDifference(expect.latency),
    ]),

  async run({ icmp: host, ip_protocol, expect }, context) {
    const lookup = new Lookup()
    const phases = new Phases<(typeof PHASES)[number]>('resolve')
    let reply: { readonly hopLimit: number; readonly roundTripMs: number } | undefined
    try {
      const { address, family } = await lookup.resolve(host, context, ip_protocol)
      phases.enter('setup')
      const result = await runProgram(pingCommand(address, family, context.timeoutMs), {
        signal: context.signal,
        env: { LC_ALL: 'C' },
      })
      phases.enter('rtt')
      reply = readReply(result)
      if (reply === undefined) return judgeSilence(host, result, measured())
      const { roundTripMs, hopLimit } = reply
      const given = { metrics: measured(), details: { rtt_ms: roundTripMs, hop_limit: hopLimit } }
      if (expect.latency !== undefined && roundTripMs > expect.latency) {
        const message = `${host}: answered after ${roundTripMs}ms, expected at most ${formatDuration(expect.latency)}`
        return degraded('latency', message, given)
      }
      return up(given)
    } catch (error) {
      if (isMissing(error) && phases.current === 'setup') {
        const message = 'there is no program ping on this machine; install it (iputils-ping), or check with tcp'
        return unknown('unsupported', message, { metrics: measured() })
      }
      const phase = phases.current === 'resolve' ? 'resolve' : 'reply'
      return downBySocketError(error, { context, target: host, phase, metrics: measured() })
    }

    function measured(): ProbeMetric[] {
      const rttSeconds = (reply?.roundTripMs ?? 0) / 1000
      const seconds = {
        resolve: phases.seconds('resolve'),
        // All that ping took besides waiting for the reply.
        setup: Math.max(phases.seconds('setup') - rttSeconds, 0),
        rtt: rttSeconds,
      }
      return [
        ...lookup.metrics(),
        ...PHASES.map((phase) => ({
          name: 'probe_icmp_duration_seconds',
          labels: { phase },
          value: seconds[phase],
        })),
        ...(reply === undefined ? [] : [{ name: 'probe_icmp_reply_hop_limit', value: reply.hopLimit }]),
      ]
    }
  },
})

function pingCommand(address: string, family: 4 | 6, timeoutMs: number): [string, ...string[]] {
  // Elsewhere -W counts milliseconds or does not exist; the deadline of the run ends it as well.
  if (process.platform !== 'linux') return [family === 6 ? 'ping6' : 'ping', '-n', '-c', '1', address]
  const waitSeconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  return ['ping', `-${family}`, '-n', '-c', '1', '-W', String(waitSeconds), address]
}

/** @returns undefined when no reply came */
export function readReply({ stdout }: Pick<ProgramResult, 'stdout'>) {
  const match = REPLY.exec(stdout)
  if (match === null) return undefined
  return { hopLimit: Number(match[1]), roundTripMs: Number(match[2]) }
}

/** What `ping` prints when no reply came, as a finding. */
export function judgeSilence(
  host: string,
  { stdout, stderr, code }: Pick<ProgramResult, 'stdout' | 'stderr' | 'code'>,
  metrics: readonly ProbeMetric[],
) {
  const [, router, words] = REFUSAL.exec(stdout) ?? []
  if (words !== undefined) {
    return down('unreachable', `${host}: ${router} says: ${words.trim()}`, { metrics, phase: 'reply' })
  }
  const [complaint = ''] = stderr.trim().split('\n')
  if (/unreachable|No route/i.test(complaint)) {
    return down('unreachable', `${host}: this machine has no route to the address (${complaint})`, {
      metrics,
      phase: 'setup',
    })
  }
  if (/permitted|permission|missing cap|lacking privilege/i.test(complaint)) {
    const message = `ping may not send on this machine (${complaint}); give it the capability net_raw, or check with tcp`
    return unknown('unsupported', message, { metrics })
  }
  if (complaint !== '' && code !== 1) {
    return unknown('unsupported', `ping does not work on this machine: ${complaint.slice(0, 200)}`, { metrics })
  }
  return down('timeout', `${host}: no reply`, { metrics, phase: 'reply' })
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && !(error instanceof UnexpectedAnswerError) && 'code' in error && error.code === 'ENOENT'
  )
}
