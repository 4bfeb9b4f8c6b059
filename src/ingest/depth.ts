/**
 * Whether lists and objects are nested deeper than `most`, the value itself counted; walks without recursion, so that no input
 * is too deep to look at.
 */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value].filter(isContainer)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((each) => Object.values(each)).filter(isContainer)
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
