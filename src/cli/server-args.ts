/** Where the running midwatch is, or its data; every command that asks it has these. */
export const serverArgs = {
  url: { type: 'string', description: 'Where midwatch listens (as the data folder says)', valueHint: 'URL' },
  token: { type: 'string', description: 'A token of it (MIDWATCH_TOKEN)', valueHint: 'TOKEN' },
  data: { type: 'string', description: 'The folder for the data (./data)', valueHint: 'DIR' },
  config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
} as const

export interface ServerArgs {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly data?: string | undefined
  readonly config?: string | undefined
}
