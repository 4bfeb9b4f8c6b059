/** The samples of an unpacked remote-write request as lines `name{labels} value milliseconds`, read by the wire format alone. */
export function readWriteRequest(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (const series of fields(bytes)) {
    const labels: [string, string][] = []
    const samples: string[] = []
    for (const { field, value } of fields(series.value as Uint8Array)) {
      const inner = new Map([...fields(value as Uint8Array)].map((one) => [one.field, one.value]))
      if (field === 1) labels.push([text(inner.get(1)), text(inner.get(2))])
      else samples.push(`${(inner.get(1) as number | undefined) ?? 0} ${(inner.get(2) as number | undefined) ?? 0}`)
    }
    const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
    const inside = labels.filter(([label]) => label !== '__name__').map(([label, value]) => `${label}="${value}"`)
    lines.push(...samples.map((sample) => `${name}{${inside.join(',')}} ${sample}`))
  }
  return lines
}

function text(value: unknown): string {
  return value === undefined ? '' : Buffer.from(value as Uint8Array).toString('utf8')
}

/** @see https://protobuf.dev/programming-guides/encoding/ */
function* fields(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: number | Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(BigInt.asIntN(64, value))
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = tag >> 3
    if ((tag & 7) === 0) yield { field, value: varint() }
    else if ((tag & 7) === 1) {
      yield { field, value: view.getFloat64(at, true) }
      at += 8
    } else {
      const length = varint()
      yield { field, value: bytes.subarray(at, at + length) }
      at += length
    }
  }
}
