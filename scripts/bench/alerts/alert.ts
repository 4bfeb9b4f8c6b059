export const GROUPS = 500

/** Of one of many alerts: eight labels, by which they fall into groups. */
export function labelsOf(i: number): Record<string, string> {
  return {
    alertname: `Service${i % GROUPS}IsSlow`,
    severity: ['critical', 'high', 'medium', 'low'][i % 4] as string,
    team: `team-${i % 25}`,
    instance: `10.0.${(i >> 8) % 256}.${i % 256}:9100`,
    job: 'shop',
    region: `eu-${i % 3}`,
    pod: `pod-${i}`,
    zone: `zone-${i % 7}`,
  }
}

export function annotationsOf(i: number): Record<string, string> {
  return {
    summary: `Requests of pod-${i} take too long`,
    description: `The 95th percentile of pod-${i} in zone-${i % 7} is 1.${i % 10} s (threshold 800 ms).`,
    runbook_url: 'https://wiki.example.org/runbooks/service-is-slow',
  }
}
