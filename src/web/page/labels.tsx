import { Given, plural } from './text.tsx'

const MAX_SHOWN = 40

/** Label pairs, `name = value`, none with a link or a meaning of its own. */
export function LabelList({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const pairs = Object.entries(labels)
  if (pairs.length === 0) return null
  return (
    <ul class="labels" aria-label="Labels">
      {pairs.slice(0, MAX_SHOWN).map(([name, value]) => (
        <li>
          <span class="label-name">
            <Given text={name} max={100} />
          </span>
          <span class="muted">=</span>
          <Given text={value} max={200} />
        </li>
      ))}
      {pairs.length > MAX_SHOWN && <li>and {plural(pairs.length - MAX_SHOWN, 'more label')}</li>}
    </ul>
  )
}
