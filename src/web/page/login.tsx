import { Layout, type PageContext } from './layout.tsx'
import { safeHref } from './link.tsx'

export interface LoginView {
  /** Where the reader wanted to go; anything but a path of ours is ignored. */
  readonly next: string
  /** What was wrong with the last try, in a sentence; undefined at the first. */
  readonly problem: string | undefined
}

/** Asks for a token; the form posts `token` and `next` to `/login`. */
export function LoginPage({ page, view }: { readonly page: PageContext; readonly view: LoginView }) {
  const { problem } = view
  return (
    <Layout page={page} title="Sign in">
      <div class="narrow">
        <h1>Sign in</h1>
        <p>These pages need a token with the scope read.</p>
        <form class="stacked" method="post" action="/login">
          <input type="hidden" name="next" value={ownPath(view.next)} />
          <label for="token">Token</label>
          <input
            id="token"
            name="token"
            type="password"
            required
            maxlength={512}
            autocomplete="current-password"
            autocapitalize="off"
            spellcheck={false}
            aria-describedby={problem === undefined ? 'token-hint' : 'token-problem token-hint'}
            aria-invalid={problem === undefined ? undefined : 'true'}
          />
          {problem !== undefined && (
            <p class="trouble unhealthy" id="token-problem" role="alert">
              {problem}
            </p>
          )}
          <button type="submit">Sign in</button>
          <p class="muted" id="token-hint">
            It begins with <code>mw_</code>. midwatch printed the first one when it started for the first time; on its
            machine, <code>midwatch token create --scope read</code> makes another.
          </p>
        </form>
      </div>
    </Layout>
  )
}

/** The address itself when it is a path of ours, else `/`: a login must not send its reader elsewhere. */
export function ownPath(next: string): string {
  const path = next.startsWith('/') ? safeHref(next) : undefined
  return path ?? '/'
}
