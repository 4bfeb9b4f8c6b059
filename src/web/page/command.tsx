import { clip } from './text.tsx'

/** The call that gives the same as a page, ready for a shell. */
export function Command({ url, needsToken }: { readonly url: string; readonly needsToken: boolean }) {
  const token = needsToken ? ' -H "Authorization: Bearer $MIDWATCH_TOKEN"' : ''
  return (
    // Long lines scroll within the box, which therefore has to be reachable by keyboard.
    <pre class="command" tabindex={0}>
      <code>{`curl -s${token} ${quote(clip(url, 4000))}`}</code>
    </pre>
  )
}

/** One word for a POSIX shell, whatever it holds. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
