import { closeSync, openSync, writeSync } from 'node:fs'

const FLUSH_CHARACTERS = 1 << 22

/** One file of OpenMetrics, series by series, as promtool and `midwatch import` take it. */
export function writeOpenMetrics(file, families) {
  const fd = openSync(file, 'w')
  let samples = 0
  const secondsOf = perColumn((timesMs) => Array.from(timesMs, (ms) => `${(ms / 1000).toFixed(3)}\n`))
  let text = ''
  for (const { family, type, series } of families) {
    text += `# TYPE ${family} ${type}\n`
    for (const { labels, times, values } of series) {
      const head = `${seriesText(labels)} `
      const seconds = secondsOf(times.timesMs)
      const column = values()
      for (let i = 0; i < column.length; i++) {
        text += `${head}${column[i]} ${seconds[i]}`
        if (text.length < FLUSH_CHARACTERS) continue
        writeSync(fd, text, null, 'latin1')
        text = ''
      }
      samples += column.length
    }
  }
  writeSync(fd, `${text}# EOF\n`, null, 'latin1')
  closeSync(fd)
  return samples
}

/** Lines of JSON, one for each series, as VictoriaMetrics' `/api/v1/import` takes them. */
export function* jsonLines(families) {
  const timesOf = perColumn((timesMs) => timesMs.join(','))
  for (const { series } of families) {
    for (const { labels, times, values } of series) {
      const head = `{"metric":${JSON.stringify(labels)},"values":[`
      yield `${head}${values().join(',')}],"timestamps":[${timesOf(times.timesMs)}]}\n`
    }
  }
}

function seriesText({ __name__: name, ...labels }) {
  const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return inside.length === 0 ? name : `${name}{${inside.join(',')}}`
}

/** Series of one target share their column of times; what is made of it is made once. */
function perColumn(make) {
  const made = new Map()
  return (column) => {
    if (!made.has(column)) made.set(column, make(column))
    return made.get(column)
  }
}
