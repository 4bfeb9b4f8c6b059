import type { Child } from 'hono/jsx'
import { marked, type Token, type Tokens } from 'marked'
import { safeHref } from './link.tsx'

/**
 * Markdown as elements. The library only reads; every text goes through JSX and is escaped by it, raw HTML shows as the text
 * it is, and images are their description. Links to other runbooks (`check-down.md`) become their pages.
 */
export function Markdown({ text }: { readonly text: string }) {
  return <>{blocks(marked.lexer(text, { gfm: true }))}</>
}

/** The text of the first heading, or '' when there is none. */
export function titleOf(text: string): string {
  const heading = marked.lexer(text, { gfm: true }).find((token) => token.type === 'heading')
  return heading === undefined ? '' : (heading as Tokens.Heading).text
}

function blocks(tokens: readonly Token[]): Child[] {
  return tokens.map(block)
}

function block(token: Token): Child {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'heading':
      return heading(token as Tokens.Heading)
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>
    case 'code':
      return (
        <pre class="command" tabindex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      )
    case 'blockquote':
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>
    case 'list':
      return list(token as Tokens.List)
    case 'table':
      return table(token as Tokens.Table)
    case 'hr':
      return <hr />
    case 'text':
      return token.tokens === undefined ? token.raw : inlines(token.tokens)
    default:
      return <p>{token.raw}</p>
  }
}

function heading({ depth, text, tokens }: Tokens.Heading): Child {
  const id = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  if (depth === 1) return <h1>{inlines(tokens)}</h1>
  if (depth === 2) return <h2 id={id}>{inlines(tokens)}</h2>
  if (depth === 3) return <h3 id={id}>{inlines(tokens)}</h3>
  return <h4 id={id}>{inlines(tokens)}</h4>
}

function list({ ordered, start, items }: Tokens.List): Child {
  const members = items.map((item) => <li>{blocks(item.tokens)}</li>)
  return ordered ? <ol start={start === '' || start === 1 ? undefined : start}>{members}</ol> : <ul>{members}</ul>
}

function table({ header, rows }: Tokens.Table): Child {
  return (
    // A wide table scrolls by itself and so has to be reachable by keyboard.
    <figure class="scrolls" tabindex={0}>
      <table>
        <thead>
          <tr>
            {header.map((cell) => (
              <th scope="col">{inlines(cell.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>{inlines(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

function inlines(tokens: readonly Token[] | undefined): Child[] {
  return (tokens ?? []).map(inline)
}

function inline(token: Token): Child {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>
    case 'em':
      return <em>{inlines(token.tokens)}</em>
    case 'del':
      return <del>{inlines(token.tokens)}</del>
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>
    case 'br':
      return <br />
    case 'link': {
      const href = linkTarget((token as Tokens.Link).href)
      return href === undefined ? inlines(token.tokens) : <a href={href}>{inlines(token.tokens)}</a>
    }
    case 'image':
    case 'escape':
      return (token as Tokens.Image | Tokens.Escape).text
    case 'text':
      return token.tokens === undefined ? (token as Tokens.Text).text : inlines(token.tokens)
    default:
      return token.raw
  }
}

function linkTarget(href: string): string | undefined {
  if (/^#[a-z0-9-]*$/.test(href)) return href
  const sibling = /^(?:\.\/)?([A-Za-z0-9-]+)\.md(#[a-z0-9-]*)?$/.exec(href)
  if (sibling === null) return safeHref(href)
  return sibling[1] === 'README' ? '/docs/runbooks' : `/docs/runbooks/${sibling[1]}${sibling[2] ?? ''}`
}
