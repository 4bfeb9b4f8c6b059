/** What an input is, when it is no single value. */
export function kindOf(input: unknown): string {
  if (input === undefined || input === null) return 'nothing'
  return Array.isArray(input) ? 'a list' : typeof input === 'object' ? 'a map' : 'a text'
}

/** A value in a message: texts in quotes and cut, lists and maps by their kind only. */
export function show(input: unknown): string {
  if (typeof input === 'object' || input === undefined) return kindOf(input)
  const text = JSON.stringify(input) ?? String(input)
  return text.length <= 80 ? text : `${text.slice(0, 77)}…"`
}
