/** `2026-11-21 02:48:13 UTC`, for texts that are kept. */
export function momentText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
