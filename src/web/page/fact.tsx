import type { Child } from 'hono/jsx'

/** One line of a `<dl class="facts">`. */
export function Fact({ name, children }: { readonly name: Child; readonly children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
