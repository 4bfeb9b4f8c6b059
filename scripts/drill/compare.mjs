/** What an alert is called on both sides: its labels but for those that only one side can have. */
export function nameOf(labels) {
  const { alertname, ...others } = labels
  const inside = Object.entries(others)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `${alertname}{${inside.join(', ')}}`
}

/** Notes for each alert when it was first and last seen firing, as the rules API of one side says. */
export class Timeline {
  #seen = new Map()

  note(alerts, atMs) {
    const firing = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => nameOf(labels))
    for (const name of firing) {
      const known = this.#seen.get(name)
      if (known === undefined) this.#seen.set(name, { firedMs: atMs, resolvedMs: undefined })
    }
    for (const [name, times] of this.#seen) {
      if (!firing.includes(name) && times.resolvedMs === undefined) times.resolvedMs = atMs
    }
  }

  get alerts() {
    return this.#seen
  }
}

const seconds = (ms) => (ms === undefined ? 'still' : (ms / 1000).toFixed(1))

/** A row for each alert of either side: when it fired and ended on both, and whether that is the same. */
export function alertRows(midwatch, stack, startMs, toleranceMs, explain) {
  const names = [...new Set([...midwatch.alerts.keys(), ...stack.alerts.keys()])].sort()
  return names.map((name) => {
    const [ours, theirs] = [midwatch.alerts.get(name), stack.alerts.get(name)]
    const near = (a, b) =>
      (a === undefined) === (b === undefined) && (a === undefined || Math.abs(a - b) <= toleranceMs)
    const isSame =
      ours !== undefined &&
      theirs !== undefined &&
      near(ours.firedMs, theirs.firedMs) &&
      near(ours.resolvedMs, theirs.resolvedMs)
    const time = (one) =>
      one === undefined
        ? 'never'
        : `${seconds(one.firedMs - startMs)} to ${seconds(one.resolvedMs && one.resolvedMs - startMs)}`
    return {
      what: name,
      midwatch: time(ours),
      stack: time(theirs),
      verdict: isSame ? 'same' : (explain(name) ?? 'DIFFERENT'),
    }
  })
}

/** A row for each alert that people were told of: how often firing and how often resolved arrived at least once. */
export function messageRows(messages, sinceMs, explain) {
  const told = new Map()
  /** What midwatch told of when nobody else was there yet. */
  const before = new Set()
  for (const { from, status, labels, atMs } of messages) {
    const name = nameOf(labels)
    if (atMs < sinceMs) {
      if (status === 'firing') before.add(name)
      else before.delete(name)
      continue
    }
    const row = told.get(name) ?? { midwatch: new Set(), stack: new Set() }
    row[from].add(status)
    told.set(name, row)
  }
  return [...told]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { midwatch, stack }]) => {
      const [ours, theirs] = [midwatch, stack].map((statuses) => [...statuses].sort().join(' and ') || 'nothing')
      return {
        what: name,
        midwatch: ours,
        stack: theirs,
        verdict: ours === theirs ? 'same' : (explain(name) ?? (before.has(name) ? TOLD_BEFORE : 'DIFFERENT')),
      }
    })
}

const TOLD_BEFORE = 'midwatch told it before the move, of which Alertmanager knows nothing'
const DEFAULTS = { $__rate_interval: '14s', $__interval: '14s', $__range: '14s' }

/** Every query of a dashboard with its variables put in: all values. */
export function queriesOf(dashboard) {
  const panels = (dashboard.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])])
  return panels.flatMap((panel) =>
    (panel.targets ?? [])
      .filter(({ expr }) => expr !== undefined)
      .map(({ expr }) => {
        let text = expr
        for (const [name, value] of Object.entries(DEFAULTS)) text = text.replaceAll(name, value)
        return { panel: `${dashboard.title}: ${panel.title}`, expr: text.replace(/\$\{?\w+(?::\w+)?\}?/g, '.*') }
      }),
  )
}

/** The values of an answer by their labels. */
export function valuesOf({ resultType, result }) {
  if (resultType === 'scalar') return new Map([['', Number(result[1])]])
  return new Map(
    result.map(({ metric, value }) => [nameOf({ alertname: metric.__name__ ?? '', ...metric }), Number(value[1])]),
  )
}

/** Why two answers are not the same, or undefined when they are. */
export function differenceOf(ours, theirs, within) {
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(name), theirs.get(name)]
    if (a === undefined || b === undefined) return `${name} only ${a === undefined ? 'in the stack' : 'in midwatch'}`
    const isNear = Object.is(a, b) || Math.abs(a - b) <= within * Math.max(Math.abs(a), Math.abs(b), 1e-9)
    if (!isNear) return `${name}: ${a} and ${b}`
  }
  return undefined
}

/** Rows as a table in Markdown. */
export function table(rows) {
  const cell = (text) => String(text).replaceAll('|', '\\|').replace(/\s+/g, ' ')
  const lines = rows.map(
    ({ what, midwatch, stack, verdict }) => `| ${[what, midwatch, stack, verdict].map(cell).join(' | ')} |`,
  )
  return ['| what | midwatch | stack | |', '|---|---|---|---|', ...lines, ''].join('\n')
}
