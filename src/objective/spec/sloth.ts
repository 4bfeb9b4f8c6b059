import type { YamlNode } from '../../lib/yaml.ts'
import type { Path } from '../../model/field-reader.ts'
import { eventsSli } from '../event-count.ts'
import { POLICIES, type Sli, type Slo, type SloAlert, type SloOrigin } from '../slo.ts'
import type { SpecContent, SpecContext, SpecDocument, SpecFormat } from './document.ts'
import { type GuardKeys, readGuards } from './guard-fields.ts'
import { type Chain, readChain, runChain } from './plugins.ts'
import { type Fields, SpecReader } from './spec-reader.ts'
import { readSugar, SUGAR_KEYS } from './sugar.ts'
import { readPairs } from './window-fields.ts'

/** What the keys are called, in the form of a file and in the one of a Kubernetes object. */
interface Keys extends GuardKeys {
  readonly sloPlugins: string
  readonly errorQuery: string
  readonly totalQuery: string
  readonly errorRatioQuery: string
  readonly pageAlert: string
  readonly ticketAlert: string
}

const FILE_KEYS: Keys = {
  sloPlugins: 'slo_plugins',
  errorQuery: 'error_query',
  totalQuery: 'total_query',
  errorRatioQuery: 'error_ratio_query',
  pageAlert: 'page_alert',
  ticketAlert: 'ticket_alert',
  guards: 'guards',
  minEvents: 'min_events',
  lowTraffic: 'low_traffic',
}

const KUBERNETES_KEYS: Keys = {
  sloPlugins: 'sloPlugins',
  errorQuery: 'errorQuery',
  totalQuery: 'totalQuery',
  errorRatioQuery: 'errorRatioQuery',
  pageAlert: 'pageAlert',
  ticketAlert: 'ticketAlert',
  guards: 'guards',
  minEvents: 'minEvents',
  lowTraffic: 'lowTraffic',
}

/** Sloth's own format: `version: prometheus/v1`. */
export const sloth: SpecFormat = {
  name: 'prometheus/v1',
  matches: ({ version }) => version === 'prometheus/v1',
  read(document, context) {
    const { root, file } = document
    const reader = new SpecReader(root, file, context)
    const fields = reader.map(root, [], ['version', ...SPEC_KEYS, FILE_KEYS.sloPlugins]) ?? new Map()
    return new SlothReader(reader, document, context, FILE_KEYS, { mode: 'cli-gen-prom', spec: 'prometheus/v1' }).spec(
      fields,
      [],
    )
  },
}

/** The same as a Kubernetes object: `kind: PrometheusServiceLevel`. */
export const slothKubernetes: SpecFormat = {
  name: 'sloth.slok.dev/v1 PrometheusServiceLevel',
  matches: ({ apiVersion, kind }) => apiVersion === 'sloth.slok.dev/v1' && kind === 'PrometheusServiceLevel',
  read(document, context) {
    const { root, file } = document
    const reader = new SpecReader(root, file, context)
    const object = reader.map(root, [], ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
    const fields = reader.map(object?.get('spec'), ['spec'], [...SPEC_KEYS, KUBERNETES_KEYS.sloPlugins]) ?? new Map()
    const origin = { mode: 'cli-gen-k8s', spec: 'sloth.slok.dev/v1' } as const
    return new SlothReader(reader, document, context, KUBERNETES_KEYS, origin).spec(fields, ['spec'])
  },
}

const SPEC_KEYS = ['service', 'labels', 'slos']

class SlothReader {
  readonly #reader: SpecReader
  readonly #document: SpecDocument
  readonly #context: SpecContext
  readonly #keys: Keys
  readonly #names: Pick<SloOrigin, 'mode' | 'spec'>

  constructor(
    reader: SpecReader,
    document: SpecDocument,
    context: SpecContext,
    keys: Keys,
    names: Pick<SloOrigin, 'mode' | 'spec'>,
  ) {
    this.#reader = reader
    this.#document = document
    this.#context = context
    this.#keys = keys
    this.#names = names
  }

  spec(fields: Fields, path: Path): SpecContent {
    const reader = this.#reader
    const service = reader.name(fields.get('service'), [...path, 'service'])
    const labels = reader.labels(fields.get('labels'), [...path, 'labels'])
    const chain = readChain(reader, fields.get(this.#keys.sloPlugins), [...path, this.#keys.sloPlugins])
    const items = reader.filledList(fields.get('slos'), [...path, 'slos'], 'SLO')
    const slos = items.flatMap((item, i) => this.#slo(item, [...path, 'slos', i], { service, labels, chain }) ?? [])
    return { slos: reader.hasErrors ? [] : slos, problems: reader.problems }
  }

  #slo(
    node: YamlNode,
    path: Path,
    file: { readonly service: string; readonly labels: Readonly<Record<string, string>>; readonly chain: Chain },
  ): Slo | undefined {
    const reader = this.#reader
    const keys = this.#keys
    const fields = reader.map(node, path, [
      'name',
      'objective',
      'description',
      'labels',
      'plugins',
      'sli',
      'alerting',
      'window',
      'windows',
      'policy',
      keys.guards,
      keys.minEvents,
      keys.lowTraffic,
      ...SUGAR_KEYS,
    ])
    if (fields === undefined) return undefined
    const at = (key: string): Path => [...path, key]
    const name = reader.name(fields.get('name'), at('name'))
    const percent = reader.number(fields.get('objective'), at('objective'), 'a percentage such as 99.9')
    const { steps, isPromql } = runChain(file.chain, readChain(reader, fields.get('plugins'), at('plugins')))
    const { promql } = this.#context
    const { sli, checks, isSugar } = this.#sli(fields, path, promql === 'all' || (promql === 'unless told' && isPromql))
    const windows = reader.map(fields.get('windows'), at('windows'), ['page', 'ticket'])
    const alerts = this.#alerting(
      fields.get('alerting'),
      at('alerting'),
      isSugar ? `${file.service}-${name}` : undefined,
    )
    const periodMs = reader.duration(fields.get('window'), at('window'))
    const slo = {
      id: `${file.service}-${name}`,
      service: file.service,
      name,
      description: reader.text(fields.get('description'), at('description')) ?? '',
      objective: reader.objective(percent, at('objective')),
      periodMs,
      labels: { ...file.labels, ...reader.labels(fields.get('labels'), at('labels')) },
      ...alerts,
      policy: reader.choice(fields.get('policy'), at('policy'), POLICIES) ?? 'workbook',
      windows: windows && { periodMs: periodMs ?? 0, ...readPairs(reader, windows, at('windows')) },
      guards: readGuards(reader, fields, path, keys, sli),
      steps,
      checks,
      origin: { ...this.#names, file: this.#document.file, ...reader.placeOf(at('name')) },
    }
    // Only now, so that a fault in what is measured hides none of the others.
    return sli && { ...slo, sli }
  }

  #sli(
    fields: Fields,
    path: Path,
    isPromql: boolean,
  ): { readonly sli: Sli | undefined; readonly checks: readonly string[]; readonly isSugar: boolean } {
    const reader = this.#reader
    const keys = this.#keys
    const here = [...path, 'sli']
    const own = reader.map(fields.get('sli'), here, ['events', 'raw', 'plugin', ...SUGAR_KEYS]) ?? new Map()
    const sugar = readSugar(reader, fields, path) ?? readSugar(reader, own, here)
    const kinds = ['events', 'raw', 'plugin'].filter((kind) => isThere(own.get(kind)))
    if (sugar !== undefined) {
      if (kinds.length > 0) reader.problem(here, 'and a short form can’t both be measured by one SLO; leave one out')
      return sugar === 'faulty' ? { ...NO_SLI, isSugar: true } : { ...sugar, isSugar: true }
    }
    if (kinds.includes('plugin')) {
      reader.problem(
        [...here, 'plugin'],
        'unsupported plugin: it is a Go program that only Sloth runs; write its query under events or raw',
      )
      return NO_SLI
    }
    if (kinds.length !== 1) {
      const why = kinds.length === 0 ? 'is missing' : 'has events and raw, and only one can be measured'
      reader.problem(
        here,
        `${why}; write events: {${keys.errorQuery}, ${keys.totalQuery}} or raw: {${keys.errorRatioQuery}}`,
      )
      return NO_SLI
    }
    const sli =
      kinds[0] === 'raw'
        ? this.#raw(own.get('raw'), [...here, 'raw'], isPromql)
        : this.#events(own.get('events'), [...here, 'events'], isPromql)
    return { ...NO_SLI, sli }
  }

  #events(node: YamlNode | undefined, path: Path, isPromql: boolean): Sli | undefined {
    const reader = this.#reader
    const { errorQuery, totalQuery } = this.#keys
    const fields = reader.map(node, path, [errorQuery, totalQuery])
    const error = reader.query(fields?.get(errorQuery), [...path, errorQuery], isPromql)
    const total = reader.query(fields?.get(totalQuery), [...path, totalQuery], isPromql)
    if (error === undefined || total === undefined) return undefined
    if (error.text === total.text) {
      reader.problem([...path, errorQuery], `is the same query as ${totalQuery}: everything would be an error`)
    }
    return eventsSli(error, total)
  }

  #raw(node: YamlNode | undefined, path: Path, isPromql: boolean): Sli | undefined {
    const { errorRatioQuery } = this.#keys
    const fields = this.#reader.map(node, path, [errorRatioQuery])
    const ratio = this.#reader.query(fields?.get(errorRatioQuery), [...path, errorRatioQuery], isPromql)
    return ratio && { kind: 'raw', errorRatioQuery: ratio.text }
  }

  #alerting(node: YamlNode | undefined, path: Path, sugarId: string | undefined): Pick<Slo, 'page' | 'ticket'> {
    const reader = this.#reader
    const { pageAlert, ticketAlert } = this.#keys
    const fields = reader.map(node, path, ['name', 'labels', 'annotations', pageAlert, ticketAlert]) ?? new Map()
    const given = reader.text(fields.get('name'), [...path, 'name']) ?? ''
    const name = given === '' && sugarId !== undefined ? defaultAlert(sugarId) : given
    // Of alerts that are off, nothing is looked at.
    const wanted = new Map<string, { readonly fields: Fields; readonly here: Path }>()
    for (const key of [pageAlert, ticketAlert]) {
      const here = [...path, key]
      const own = reader.map(fields.get(key), here, ['disable', 'labels', 'annotations']) ?? new Map()
      if (!reader.switch(own.get('disable'), [...here, 'disable'])) wanted.set(key, { fields: own, here })
    }
    if (wanted.size === 0) return { page: undefined, ticket: undefined }
    const labels = reader.labels(fields.get('labels'), [...path, 'labels'])
    const annotations = reader.annotations(fields.get('annotations'), [...path, 'annotations'])
    const alert = (key: string): SloAlert | undefined => {
      const own = wanted.get(key)
      if (own === undefined) return undefined
      return {
        name,
        labels: { ...labels, ...reader.labels(own.fields.get('labels'), [...own.here, 'labels']) },
        annotations: {
          ...annotations,
          ...reader.annotations(own.fields.get('annotations'), [...own.here, 'annotations']),
        },
      }
    }
    if (name === '') {
      reader.problem(
        [...path, 'name'],
        `is missing; write a name for the alerts, such as ShopErrors, or {${pageAlert}: {disable: true}, ${ticketAlert}: {disable: true}}`,
      )
    }
    return { page: alert(pageAlert), ticket: alert(ticketAlert) }
  }
}

/** How the alerts of a short form are called when nobody says it: `ShopRequestsBudgetBurn`. */
function defaultAlert(id: string): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}BudgetBurn`
}

const NO_SLI = { sli: undefined, checks: [], isSugar: false } as const

function isThere(node: YamlNode | undefined): boolean {
  return node !== undefined && !(node.kind === 'scalar' && node.isNull)
}
