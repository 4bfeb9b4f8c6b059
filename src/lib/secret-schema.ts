const schemas = new WeakSet<object>()

/** Says that values of this schema must not show, and that they may come out of a file (`<key>_file`). */
export function markSecret<Schema extends object>(schema: Schema): Schema {
  schemas.add(schema)
  return schema
}

export function isSecretSchema(schema: object): boolean {
  return schemas.has(schema)
}
