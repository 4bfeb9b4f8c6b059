import { Layout, type PageContext } from './layout.tsx'
import { tracePath } from './link.tsx'
import { Given } from './text.tsx'

export interface FailureView {
  /** The HTTP status. */
  readonly status: number
  /** What happened, for the reader; '' where the status says all. Never a secret or a stack. */
  readonly detail: string
  /** Of this request, to find it in the log and the audit records. */
  readonly traceId: string | undefined
}

interface Words {
  readonly title: string
  readonly hint: string
}

const WORDS: Readonly<Record<number, Words>> = {
  400: { title: 'This request makes no sense here', hint: 'Look at the address for a mistake.' },
  401: { title: 'Who are you?', hint: 'This page needs a token.' },
  403: { title: 'This is not allowed', hint: 'The token of this session does not allow it. Another one may.' },
  404: { title: 'There is no such page', hint: 'It may have been renamed, or its check is no longer configured.' },
  500: {
    title: 'midwatch made a mistake',
    hint: 'The log says more about it. Checks and alerts go on.',
  },
  503: { title: 'midwatch cannot answer just now', hint: 'Try again in a few seconds.' },
}

/** An error in the layout of all pages, with what to do next. */
export function FailurePage({ page, view }: { readonly page: PageContext; readonly view: FailureView }) {
  const { status, detail, traceId } = view
  const { title, hint } = WORDS[status] ?? (status >= 500 ? (WORDS[500] as Words) : (WORDS[400] as Words))
  const wantsLogin = status === 401 || status === 403
  return (
    <Layout page={page} title={`${status} ${title}`}>
      <div class="narrow">
        <p class="muted status-code">{status}</p>
        <h1>{title}</h1>
        {detail !== '' && (
          <p>
            <Given text={detail} max={2000} />
          </p>
        )}
        <p>{hint}</p>
        <p>
          {wantsLogin ? (
            <a href={`/login?next=${encodeURIComponent(page.path.toWellFormed())}`}>Sign in</a>
          ) : (
            <a href="/">All checks</a>
          )}
        </p>
        {traceId !== undefined && (
          <p class="muted">
            Find it by its trace id:{' '}
            <a href={tracePath(traceId)}>
              <code class="trace-id">
                <Given text={traceId} max={100} />
              </code>
            </a>
          </p>
        )}
      </div>
    </Layout>
  )
}
