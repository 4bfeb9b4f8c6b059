import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { jsonText, labelsJson } from '../../src/wire/json-text.ts'

test('writes any text as JSON.stringify does', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => jsonText(text) === JSON.stringify(text)))
  for (const text of ['', '"', '\\', '\n', '\u0000', '\u007f', '\u2028', '\ud800', '\u{1f319}', '</script>']) {
    expect(jsonText(text)).toBe(JSON.stringify(text))
  }
})

test('writes labels in their order, with the name or without it', () => {
  const labels = Labels.of({ job: 'shop', __name__: 'up', __proto__x: '"', Zone: 'a' })
  expect(labelsJson(labels, 'with name')).toBe('{"Zone":"a","__name__":"up","__proto__x":"\\"","job":"shop"}')
  expect(labelsJson(labels, 'without name')).toBe('{"Zone":"a","__proto__x":"\\"","job":"shop"}')
  expect(labelsJson(Labels.of({ __name__: 'up' }), 'without name')).toBe('{}')
})
