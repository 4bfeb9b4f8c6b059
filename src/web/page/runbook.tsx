import { Layout, type PageContext } from './layout.tsx'
import { Markdown, titleOf } from './markdown.tsx'

export interface RunbookView {
  /** The file's name without `.md`; `README` is the list of all. */
  readonly name: string
  /** Its text as shipped. */
  readonly markdown: string
}

/** A shipped runbook as a page. */
export function RunbookPage({ page, view }: { readonly page: PageContext; readonly view: RunbookView }) {
  const { name, markdown } = view
  return (
    <Layout page={page} title={titleOf(markdown) || name}>
      {name !== 'README' && (
        <p class="breadcrumb">
          <a href="/docs/runbooks">All runbooks</a>
        </p>
      )}
      <article class="prose">
        <Markdown text={markdown} />
      </article>
    </Layout>
  )
}
